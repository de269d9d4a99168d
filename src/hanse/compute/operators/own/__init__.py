"""Algorithms of members, as operators: under MPC, or in plaintext at the one owner."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.algorithms import errors
from hanse.compute.operators.own import algorithm, algorithm_plain

MODULES: tuple[ModuleType, ...] = (algorithm, algorithm_plain)

__all__ = ["MODULES", "errors"]
