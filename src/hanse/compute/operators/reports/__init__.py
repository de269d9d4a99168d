"""Statistics, joint SQL and calculations over columns of several parties."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.reports import calculate, errors, group_by, sql, statistics

MODULES: tuple[ModuleType, ...] = (statistics, group_by, calculate, sql)

__all__ = ["MODULES", "errors"]
