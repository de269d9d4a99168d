"""Boosted trees as families of models: how rows are scored with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from hanse.compute.errors import BadInput
from hanse.compute.operators.family import Family, Link, Shapes, Target
from hanse.compute.operators.model import ModelPart
from hanse.compute.operators.trees import buckets
from hanse.data.types import TableSource


class Owned(msgspec.Struct, frozen=True):
    """What an owner keeps of a model.

    Attributes:
        buckets: its candidates.
        splits: of a model whose splits their owners know: candidate by position in the model
            (tree by tree, level by level).
    """

    buckets: buckets.Buckets
    splits: dict[int, int] = {}


def family_name(kind: str, binary: bool) -> str:
    """The name its parts carry."""
    return f"{kind}/{'binary' if binary else 'number'}/1"


def importance(held: buckets.Buckets, gains: Any, unit: float) -> dict[str, Any]:
    """An owner's report: total gain of each of its columns, when gains were opened."""
    if gains is None:
        return {"opened": False, "gain": {}}
    ends = np.cumsum([0, *held.sizes])
    return {
        "opened": True,
        "gain": {
            column.column: float(np.sum(gains[ends[at] : ends[at + 1]])) / unit
            for at, column in enumerate(held.columns)
        },
    }


def _nodes(part: ModelPart) -> tuple[int, int]:
    """Trees and splits of a tree."""
    return int(part.settings["trees"]), (1 << int(part.settings["depth"])) - 1


def _owned(part: ModelPart) -> Owned:
    try:
        return msgspec.msgpack.decode(part.own, type=Owned)
    except msgspec.DecodeError as error:
        raise BadInput("this owner's part of the model lacks its candidates") from error


def _columns(part: ModelPart) -> Iterable[str]:
    return [column.column for column in _owned(part).buckets.columns]


def _static(part: ModelPart) -> dict[str, int | float | str]:
    return {"depth": int(part.settings["depth"]), "trees": int(part.settings["trees"])}


def _entered(part: ModelPart, did: str) -> Shapes:
    width = part.widths[did]
    return {"x": (width,)} if width else {}


def _answers(part: ModelPart, table: TableSource) -> dict[str, Any]:
    owned = _owned(part)
    return {"x": buckets.indicators(owned.buckets, table)} if owned.buckets.width else {}


def _variables(part: ModelPart) -> Shapes:
    trees, nodes = _nodes(part)
    width = sum(part.widths.values())
    return {"selectors": (trees * nodes, width), "weights": (trees, nodes + 1), "start": (1,)}


def _split_entered(part: ModelPart, _did: str) -> Shapes:
    trees, nodes = _nodes(part)
    return {"x": (trees * nodes,)}


def _split_answers(part: ModelPart, table: TableSource) -> dict[str, Any]:
    owned, (trees, nodes) = _owned(part), _nodes(part)
    answers = buckets.indicators(owned.buckets, table)
    block = np.zeros((table.rows, trees * nodes), np.int32)
    for position, candidate in owned.splits.items():
        block[:, position] = answers[:, candidate]
    return {"x": block}


def _split_variables(part: ModelPart) -> Shapes:
    trees, nodes = _nodes(part)
    return {"weights": (trees, nodes + 1), "start": (1,)}


def _walk() -> Callable[..., Any]:
    from hanse.compute.operators.trees.growing import walk

    return walk


def _walk_answers() -> Callable[..., Any]:
    from hanse.compute.operators.trees.growing import walk_answers

    return walk_answers


def _families() -> dict[str, Family]:
    found: dict[str, Family] = {}
    kinds: list[tuple[bool, Target, Link]] = [
        (True, "binary", "logistic"),
        (False, "number", "identity"),
    ]
    for binary, target, link in kinds:
        found[family_name("boosted-trees", binary)] = Family(
            target=target,
            link=link,
            load=_walk,
            variables=_variables,
            static=_static,
            entered=_entered,
            prepare=_answers,
            columns=_columns,
            dtypes={"x": "int32", "selectors": "int32"},
            centred=False,
        )
        found[family_name("secure-boost", binary)] = Family(
            target=target,
            link=link,
            load=_walk_answers,
            variables=_split_variables,
            static=_static,
            entered=_split_entered,
            prepare=_split_answers,
            columns=_columns,
            dtypes={"x": "int32"},
            centred=False,
        )
    return found


FAMILIES: Mapping[str, Family] = _families()
