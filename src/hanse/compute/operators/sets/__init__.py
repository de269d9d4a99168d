"""Intersection, union and difference between two and more owners."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.sets import (
    difference,
    intersection,
    intersection_count,
    linked_intersection,
    union,
)

MODULES: tuple[ModuleType, ...] = (
    intersection,
    linked_intersection,
    union,
    difference,
    intersection_count,
)

__all__ = ["MODULES"]
