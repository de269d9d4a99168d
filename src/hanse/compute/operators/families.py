"""All families of models, by the name their parts carry.

A package that brings a kind of model adds its families here; `scoring`, `evaluate` and
`predict` then work for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hanse.compute.errors import BadInput
from hanse.compute.operators.family import Family
from hanse.compute.operators.features.families import FAMILIES as FEATURES
from hanse.compute.operators.model import LOGISTIC
from hanse.compute.operators.models.card import FAMILIES as SCORECARDS
from hanse.compute.operators.models.families import FAMILIES as MODELS
from hanse.compute.operators.trees.model import FAMILIES as TREES


def _logistic() -> Callable[..., Any]:
    from hanse.compute.operators.regression import scores

    return scores


_FAMILIES: Mapping[str, Family] = {
    LOGISTIC: Family(target="binary", link="logistic", load=_logistic),
    **MODELS,
    **SCORECARDS,
    **TREES,
    **FEATURES,
}


def family_of(name: str) -> Family:
    """The family by that name.

    Raises:
        BadInput: when this release knows none.
    """
    family = _FAMILIES.get(name)
    if family is None:
        raise BadInput("the input is a model of a family this release does not score")
    return family
