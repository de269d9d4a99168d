"""Families of the models in this package."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hanse.compute.errors import BadInput
from hanse.compute.operators import preparation
from hanse.compute.operators.family import Family, Floats, Shapes, recipe_columns, recipe_of
from hanse.compute.operators.model import ModelPart
from hanse.compute.operators.models import whitening
from hanse.compute.operators.models.entering import Own, offset_of, read_exposure
from hanse.data.types import TableSource

NEWTON = "logistic-regression/2"
LINEAR = "linear-regression/1"
GLM = "glm/1"
MULTINOMIAL = "multinomial-regression/1"
NETWORKS = {kind: f"neural-network-{kind}/1" for kind in ("binary", "classes", "number")}


def own_of(part: ModelPart) -> Own:
    """What an owner keeps beside its recipe.

    Raises:
        BadInput: when it does not decode.
    """
    try:
        return msgspec.msgpack.decode(part.own, type=Own)
    except msgspec.DecodeError as error:
        raise BadInput("this owner's part of the model does not decode") from error


def whitened(part: ModelPart, table: TableSource) -> dict[str, Floats]:
    """An owner's columns, prepared and whitened, and its exposure when it holds one."""
    own = own_of(part)
    out: dict[str, Floats] = {}
    if own.white is not None and own.white.width:
        out["x"] = whitening.apply(own.white, preparation.apply(recipe_of(part), table))
    if own.exposure:
        column = next(c for c in table.columns if c.name == own.exposure)
        values = read_exposure(table, column)
        out["offset"] = offset_of(values, own.exposure_mean, own.exposure)
    return out


def _with_exposure(part: ModelPart, did: str) -> Shapes:
    shapes: Shapes = {"x": (part.widths[did],)} if part.widths[did] else {}
    return shapes | ({"offset": ()} if part.settings.get("exposure") == did else {})


def _exposure_columns(part: ModelPart) -> Iterable[str]:
    exposure = own_of(part).exposure
    return [*recipe_columns(part), *([exposure] if exposure else [])]


def _exposure_static(part: ModelPart) -> dict[str, int | float | str]:
    return {"exposure": int(bool(part.settings.get("exposure")))}


def _class_weights(part: ModelPart) -> Shapes:
    return {"weights": (sum(part.widths.values()) + 1, len(part.settings["classes"]))}


def _layers(part: ModelPart) -> Shapes:
    outputs = max(len(part.settings.get("classes", [])), 1)
    sizes = [sum(part.widths.values()), *part.settings["hidden"], outputs]
    pairs = itertools.pairwise(sizes)
    return {f"layer{at}": (into + 1, out) for at, (into, out) in enumerate(pairs)}


def _network_static(part: ModelPart) -> dict[str, int | float | str]:
    return {"layers": len(part.settings["hidden"]) + 1, "activation": part.settings["activation"]}


def _scores() -> Callable[..., Any]:
    from hanse.compute.operators.regression import scores

    return scores


def _glm_scores() -> Callable[..., Any]:
    from hanse.compute.operators.models.tweedie import scores

    return scores


def _network_scores() -> Callable[..., Any]:
    from hanse.compute.operators.models.layers import scores

    return scores


def _network(kind: Any, link: Any) -> Family:
    return Family(
        target=kind, link=link, load=_network_scores, variables=_layers, static=_network_static
    )


FAMILIES: Mapping[str, Family] = {
    LINEAR: Family(target="number", link="identity", load=_scores, prepare=whitened),
    NEWTON: Family(target="binary", link="logistic", load=_scores, prepare=whitened),
    GLM: Family(
        target="number",
        link="exp",
        load=_glm_scores,
        static=_exposure_static,
        entered=_with_exposure,
        prepare=whitened,
        columns=_exposure_columns,
    ),
    MULTINOMIAL: Family(target="classes", link="softmax", load=_scores, variables=_class_weights),
    NETWORKS["binary"]: _network("binary", "logistic"),
    NETWORKS["classes"]: _network("classes", "softmax"),
    NETWORKS["number"]: _network("number", "identity"),
}
