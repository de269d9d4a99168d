"""First weights and settings of a multilayer network."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping

import numpy as np

from hanse.compute.errors import BadParameter
from hanse.compute.operators.declaration import Value
from hanse.compute.operators.models.entering import Agreed, Floats, LabelKind
from hanse.compute.operators.models.families import NETWORKS
from hanse.compute.operators.models.methods import Functions, Method


def method_of(parameters: Mapping[str, Value]) -> Method:
    """The training method for checked parameters of `neural_network`.

    Raises:
        BadParameter: for a third hidden layer without a second.
    """
    output, activation = str(parameters["output"]), str(parameters["activation"])
    sizes = [int(str(parameters[name])) for name in ("hidden", "hidden_2", "hidden_3")]
    if sizes[2] and not sizes[1]:
        raise BadParameter("'hidden_3' needs 'hidden_2'")
    hidden = [size for size in sizes if size]
    label: LabelKind = "binary" if output == "binary" else "number"
    if output == "classes":
        label = "classes"
    return Method(
        family=NETWORKS[output],
        label=label,
        load=_load,
        start=functools.partial(first_weights, hidden, int(str(parameters["seed"]))),
        static={"activation": activation, "output": output},
        settings={"hidden": hidden, "activation": activation},
        weighted=output != "number" and parameters["class_weight"] == "balanced",
    )


def first_weights(hidden: list[int], seed: int, agreed: Agreed) -> dict[str, Floats]:
    """Random weights by He et al. (ICCV 2015), intercepts 0; the same at every party."""
    sizes = [agreed.columns, *hidden, max(len(agreed.classes), 1)]
    rng = np.random.Generator(np.random.Philox(seed))
    out: dict[str, Floats] = {}
    for at, (into, units) in enumerate(itertools.pairwise(sizes)):
        spread = np.sqrt(2.0 / into)
        weights = np.concatenate([rng.normal(0.0, spread, (into, units)), np.zeros((1, units))])
        out[f"layer{at}"] = weights.astype(np.float32)
    return out


def _load() -> Functions:
    from hanse.compute.operators.models import layers

    return layers.slopes, layers.loss
