"""Statistics, joint SQL and calculations over columns of several parties."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.reports import errors, statistics

MODULES: tuple[ModuleType, ...] = (statistics,)

__all__ = ["MODULES", "errors"]
