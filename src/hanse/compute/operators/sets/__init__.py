"""Intersection, union and difference between two and more owners."""

from __future__ import annotations

from types import ModuleType

MODULES: tuple[ModuleType, ...] = ()

__all__ = ["MODULES"]
