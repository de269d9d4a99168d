"""Joint statistics: each owner describes its columns, pairs are summed on shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.errors import BadParameter, NoSuchColumn
from hanse.compute.operators.agreement import agreed_rows, require_rows
from hanse.compute.operators.reports.columns import (
    Floats,
    read_numbers,
)
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine
from hanse.compute.operators.statistics import encode, fraction_bits
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column

RESULT = "moments"
PARTS = ("present", "high", "low", "square", "mixed")


class Described(msgspec.Struct, frozen=True):
    """What an owner tells the receivers of one of its number columns."""

    minimum: float
    maximum: float
    quantiles: dict[str, float]
    top: list[float]


def report(task: Task) -> None:
    """This party's part: describe and share columns, multiply, or put the report together."""
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    facts = task.agree(link, lambda: _prepare(task, held))
    rows = agreed_rows(task, facts)
    names = _columns(task, facts)
    machine = start_machine(task)
    parts = PARTS if any(facts[owner]["gaps"] for owner in task.parties("owner")) else PARTS[:3]
    enter(task, link, _arrays(task.me, held.get("values", []), rows, parts), machine)
    if machine is not None:
        run_program(task, machine, _program(task, facts, rows, parts), "multiply")
    opened = open_results(task, link, [RESULT], machine)
    told = tell_receivers(task, link, held.get("described", []), list[Described])
    if opened:
        described = [each for owner in task.parties("owner") for each in told[owner]]
        made = assemble(names, described, np.asarray(opened[RESULT], np.int64), rows)
        made["withheld"] = {o: facts[o]["withheld"] for o in told if facts[o]["withheld"]}
        task.keep_bytes("report", msgspec.json.encode(made), {})
    task.measures.update(rows=rows, columns=len(names))
    task.finish()


def _prepare(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    points = _points(task)
    if not task.is_in("owner"):
        return {}
    rows, least = require_rows(task), task.integer("minimum_rows")
    kept: list[Column] = []
    values: list[Floats] = []
    withheld: list[str] = []
    for column in _chosen(task):
        numeric = read_numbers(task.table("table"), column)
        if np.count_nonzero(~np.isnan(numeric)) < least:
            withheld.append(column.name)
        else:
            kept.append(column)
            values.append(numeric)
    top = task.integer("top")
    held["described"] = [
        describe(numeric, points, top if column.name in task.texts("top_of") else 0)
        for column, numeric in zip(kept, values, strict=True)
    ]
    held["values"] = values
    return {
        "rows": rows,
        "columns": [[column.name, column.type] for column in kept],
        "withheld": withheld,
        "gaps": any(bool(np.isnan(numeric).any()) for numeric in values),
    }


def _points(task: Task) -> list[str]:
    for text in task.texts("quantiles"):
        try:
            inside = 0.0 <= float(text) <= 1.0
        except ValueError:
            inside = False
        if not inside:
            raise BadParameter("'quantiles' holds numbers from 0 to 1")
    return task.texts("quantiles")


def _chosen(task: Task) -> list[Column]:
    """Number columns that were asked for; without a list, all but the keys."""
    asked = set(task.texts("columns"))
    keys = set(task.meta("table").get("key_columns", []))
    return [
        column
        for column in task.readable("table")
        if column.type in {"int64", "float64"}
        and (column.name in asked if asked else column.name not in keys)
    ]


def describe(values: Floats, points: list[str], top: int) -> Described:
    """What only the column's owner can say: extremes, quantiles, largest values."""
    known = np.sort(values[~np.isnan(values)])
    return Described(
        float(known[0]),
        float(known[-1]),
        {point: float(np.quantile(known, float(point))) for point in points},
        [float(value) for value in known[::-1][:top]],
    )


def _arrays(me: str, values: list[Floats], rows: int, parts: tuple[str, ...]) -> dict[str, Any]:
    """What this owner shares: by part, its columns side by side."""
    if not values:
        return {}
    bits = fraction_bits(rows)
    coded = [encode(v, float(np.nanmin(v)), float(np.nanmax(v)), bits) for v in values]
    high, low = (np.stack([pair[k] for pair in coded], axis=1) for k in (0, 1))
    present = np.stack([(~np.isnan(column)).astype(np.int64) for column in values], axis=1)
    made = dict(zip(PARTS, (present, high, low, high * high, high * low), strict=True))
    return {f"{part}-{me}": made[part] for part in parts}


def _columns(task: Task, facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Owner, name and type of every column in the report.

    Raises:
        NoSuchColumn: when one was asked for that no owner has, or there is none at all.
    """
    owners = task.parties("owner")
    found = [(o, name, kind) for o in owners for name, kind in facts[o]["columns"]]
    known = {name for _, name, _ in found} | {n for o in owners for n in facts[o]["withheld"]}
    for name in [*task.texts("columns"), *task.texts("top_of")]:
        if name not in known:
            raise NoSuchColumn(f"no owner has a number column {name!r} in this report")
    if not found:
        raise NoSuchColumn("there is no number column with enough values to report on")
    return found


def _program(task: Task, facts: dict[str, Any], rows: int, parts: tuple[str, ...]) -> Program:
    from hanse.compute.engines.programs import Input, Program

    widths = [(o, len(facts[o]["columns"])) for o in task.parties("owner") if facts[o]["columns"]]
    return Program(
        name="pairwise-moments",
        load=_load,
        static={
            "owners": len(widths),
            "parts": len(parts),
            "least": task.integer("minimum_rows"),
        },
        inputs=[
            Input(f"{part}-{owner}", "int64", (rows, width))
            for part in parts
            for owner, width in widths
        ],
        outputs=[RESULT],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.reports.moments_program import moments

    return moments


def assemble(
    names: list[tuple[str, str, str]], described: list[Described], found: Any, rows: int
) -> dict[str, Any]:
    """The report from the opened moments.

    Args:
        names: owner, name and type of every column.
        described: what their owners told, in the same order.
        found: see `moments_program.moments`.
        rows: of the aligned tables.
    """
    moments = Moments(found, described, fraction_bits(rows))
    size = range(len(names))
    lines = [_line(moments, k, names[k], described[k], rows) for k in size]
    return {
        "rows": rows,
        "columns": lines,
        "counts": [[moments.count(i, j) for j in size] for i in size],
        "covariance": [[moments.covariance(i, j) for j in size] for i in size],
        "correlation": [[moments.correlation(i, j) for j in size] for i in size],
    }


def _line(
    moments: Moments, number: int, name: tuple[str, str, str], told: Described, rows: int
) -> dict[str, Any]:
    count, mean = moments.count(number, number), moments.mean(number)
    variance = moments.covariance(number, number)
    if variance is not None:
        variance = max(variance, 0.0)
    return {
        "owner": name[0],
        "column": name[1],
        "type": name[2],
        "count": count,
        "missing": rows - count,
        "sum": mean * count,
        "mean": mean,
        "variance": variance,
        "stddev": None if variance is None else variance**0.5,
        **msgspec.to_builtins(told),
    }


class Moments:
    """What the opened moments say of pairs of columns.

    Whole numbers to the end, so that nothing cancels: with u = 2^-bits, sums are in u^2 and sums
    of products in u^3.
    """

    def __init__(self, found: Any, described: list[Described], bits: int) -> None:
        self._found = found
        self._width = len(described)
        self._unit: int = 2**bits
        self._halves = [each.maximum / 2 - each.minimum / 2 for each in described]
        self._middles = [each.maximum / 2 + each.minimum / 2 for each in described]

    def count(self, i: int, j: int) -> int:
        """Rows where both columns have values; 0 when these are too few to be shown."""
        return self._at(0, i, 0, j)

    def mean(self, i: int) -> float:
        """Mean of a column."""
        return self._middles[i] + self._halves[i] * (
            self._sum(i, i) / (self._unit**2 * self.count(i, i))
        )

    def covariance(self, i: int, j: int) -> float | None:
        """Sample covariance over common rows; None for fewer than two."""
        count = self.count(i, j)
        if count < 2:
            return None
        scaled = self._scatter(i, j) / (self._unit**4 * count * (count - 1))
        return scaled * self._halves[i] * self._halves[j]

    def correlation(self, i: int, j: int) -> float | None:
        """Pearson's coefficient over common rows; None when a column is constant there."""
        if self.count(i, j) < 2:
            return None
        own = self._spread(i, j), self._spread(j, i)
        if min(own) <= 0 or 0.0 in (self._halves[i], self._halves[j]):
            return None
        return max(-1.0, min(1.0, self._scatter(i, j) / (math.isqrt(own[0] * own[1]) or 1)))

    def _at(self, left: int, i: int, part: int, j: int) -> int:
        return int(self._found[left * self._width + i, part * self._width + j])

    def _sum(self, i: int, j: int) -> int:
        """Sum of the first column over the rows where the second has values too."""
        return self._at(0, j, 1, i) * self._unit + self._at(0, j, 2, i)

    def _scatter(self, i: int, j: int) -> int:
        """count·Σxy - Σx·Σy over common rows, in u^4."""
        products = self._at(1, i, 1, j) * self._unit + self._at(1, i, 2, j) + self._at(1, j, 2, i)
        return self.count(i, j) * products * self._unit - self._sum(i, j) * self._sum(j, i)

    def _spread(self, i: int, j: int) -> int:
        """count·Σxx - Σx·Σx over common rows, in u^4."""
        if self._found.shape[1] == 3 * self._width:
            return self._scatter(i, i)
        squares = self._at(0, j, 3, i) * self._unit + 2 * self._at(0, j, 4, i)
        return self.count(i, j) * squares * self._unit - self._sum(i, j) ** 2
