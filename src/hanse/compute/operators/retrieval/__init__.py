"""Private retrieval: an asker looks up keys, the holder does not learn which."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.retrieval import errors, retrieval_setup, retrieve

MODULES: tuple[ModuleType, ...] = (retrieval_setup, retrieve)

__all__ = ["MODULES", "errors"]
