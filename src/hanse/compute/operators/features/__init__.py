"""Preparing columns jointly: binning, WOE, IV, correlation and filters."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.features import (
    apply_preprocess,
    preprocess,
    sample,
    stratified_split,
    woe_binning,
    woe_transform,
)

MODULES: tuple[ModuleType, ...] = (
    sample,
    stratified_split,
    preprocess,
    apply_preprocess,
    woe_binning,
    woe_transform,
)

__all__ = ["MODULES"]
