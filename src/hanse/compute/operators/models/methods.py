"""What a model trained by gradient descent brings to the common training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hanse.compute.operators.models.entering import Agreed, Floats, LabelKind
from hanse.compute.operators.schedule import FINAL_RATE

Functions = tuple[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True)
class Method:
    """A model trained by `descending`.

    Attributes:
        family: of its parts.
        label: how the label is read.
        load: returns the JAX functions of slopes and of the validation loss.
        start: first values of the variables, known to all; names as in the family.
        static: keyword arguments of both functions.
        settings: what all parties know of the model, beside the label's holder.
        white: whether owners whiten their columns.
        weighted: whether rows carry the weight of their class.
        ratio: weight of a row labelled 1; 0 for weights that balance the classes.
        cut: whether slopes are cut to ±10; not where they cannot exceed it.
        final: part of the learning rate at the end.
        linear: whether slopes use the columns only in products with variables and errors.
        range_factor: how many times ±10 a column that enters may reach.
    """

    family: str
    label: LabelKind
    load: Callable[[], Functions]
    start: Callable[[Agreed], dict[str, Floats]]
    static: Mapping[str, int | float | str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    white: bool = False
    weighted: bool = False
    ratio: float = 0.0
    cut: bool = True
    final: float = FINAL_RATE
    range_factor: int = 1
    linear: bool = False
