"""Statistics, joint SQL and calculations over columns of several parties."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.reports import (
    calculate,
    errors,
    group_by,
    private_report,
    sql,
    statistics,
)

MODULES: tuple[ModuleType, ...] = (
    statistics,
    group_by,
    private_report,
    calculate,
    sql,
)

__all__ = ["MODULES", "errors"]
