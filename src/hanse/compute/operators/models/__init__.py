"""Models that learn by gradient or in closed form, and clusters."""

from __future__ import annotations

from types import ModuleType

MODULES: tuple[ModuleType, ...] = ()

__all__ = ["MODULES"]
