"""Preparing columns jointly: binning, WOE, IV, correlation and filters."""

from __future__ import annotations

from types import ModuleType

MODULES: tuple[ModuleType, ...] = ()

__all__ = ["MODULES"]
