"""Algorithms of members, as operators: under MPC, at the one owner, or in trusted hardware."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.algorithms import errors
from hanse.compute.attestation import errors as attestation_errors
from hanse.compute.operators.own import algorithm, algorithm_plain, algorithm_tee

MODULES: tuple[ModuleType, ...] = (algorithm, algorithm_plain, algorithm_tee)

__all__ = ["MODULES", "attestation_errors", "errors"]
