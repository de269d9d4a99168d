"""Models that learn by gradient or in closed form, and clusters."""

from __future__ import annotations

from types import ModuleType

from hanse.compute.operators.models import (
    coefficients,
    contribution,
    errors,
    glm,
    linear_regression,
    multinomial_regression,
    neural_network,
    scorecard,
)

MODULES: tuple[ModuleType, ...] = (
    linear_regression,
    multinomial_regression,
    glm,
    neural_network,
    coefficients,
    scorecard,
    contribution,
)

__all__ = ["MODULES", "errors"]
