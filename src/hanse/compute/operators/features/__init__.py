"""Preparing columns jointly: binning, WOE, IV, correlation and filters; k-means and PCA."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.features import (
    apply_preprocess,
    chi_square,
    correlation,
    kmeans,
    pca,
    preprocess,
    psi_stability,
    sample,
    select_features,
    stratified_split,
    vif,
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
    chi_square,
    correlation,
    vif,
    psi_stability,
    select_features,
    kmeans,
    pca,
)

__all__ = ["MODULES"]
