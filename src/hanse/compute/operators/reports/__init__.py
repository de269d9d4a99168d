"""Statistics, joint SQL and calculations over columns of several parties."""

from __future__ import annotations

from types import ModuleType

MODULES: tuple[ModuleType, ...] = ()

__all__ = ["MODULES"]
