"""Private retrieval: an asker looks up keys, the holder does not learn which."""

from __future__ import annotations

from types import ModuleType

MODULES: tuple[ModuleType, ...] = ()

__all__ = ["MODULES"]
