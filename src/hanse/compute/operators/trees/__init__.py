"""Gradient-boosted trees."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.trees import boosted_trees, secure_boost

MODULES: tuple[ModuleType, ...] = (boosted_trees, secure_boost)

__all__ = ["MODULES"]
