"""Joint statistics in whole numbers: exact sums in the 64-bit ring.

Let a column have the range [low, high], m its middle and h half its width. Each value becomes
x = (v - m) / h in [-1, 1] and two whole numbers: ``high = round(x·2^b)`` and the rest
``low = round((x - high/2^b)·2^2b)``. With n rows and b = (62 - ⌈log2 n⌉) / 2 no sum of highs,
lows, squares of highs or products of high and low exceeds 2^62, so nothing can wrap around. The
receiver puts mean and variance together from the opened sums; the mean is good to
h·2^-2b and the standard deviation likewise, relative to the range, for 30,000 rows 10^-14.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.agreement import agreed_rows, require_rows
from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.reading import read_column
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column, TableSource

RING_SPARE_BITS = 62
SUMS = ("counts", "highs", "lows", "squares", "mixed")
Floats = npt.NDArray[np.float64]


class ColumnRange(msgspec.Struct, frozen=True):
    """What an owner tells the receivers of one of its number columns."""

    name: str
    type: str
    minimum: float
    maximum: float


def report(task: Task) -> None:
    """This party's part: share columns, sum them, or put the report together."""
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    facts = task.agree(link, lambda: _prepare(task, held))
    rows = _check_facts(task, facts)
    machine = start_machine(task)
    enter(task, link, held.get("arrays", {}), machine)
    if machine is not None:
        run_program(task, machine, _program(task, facts, rows), "sum")
    opened = open_results(task, link, SUMS, machine)
    ranges = tell_receivers(task, link, held.get("ranges", []), list[ColumnRange])
    if opened:
        task.keep_bytes("report", msgspec.json.encode(_assemble(task, facts, opened, ranges)), {})
    task.measures["rows"] = rows
    task.finish()


def fraction_bits(rows: int) -> int:
    """Bits b of a high part, see the module's text."""
    return (RING_SPARE_BITS - max(rows - 1, 1).bit_length()) // 2


def encode(values: Floats, low: float, high: float, bits: int) -> tuple[Any, Any]:
    """Whole-number parts of values within [low, high]; missing values give zeros."""
    half = high / 2 - low / 2
    scaled = (values - (low / 2 + high / 2)) / half if half > 0 else np.zeros(len(values))
    scaled = np.clip(np.nan_to_num(scaled), -1.0, 1.0)
    coarse = np.rint(scaled * 2.0**bits)
    fine = np.rint((scaled - coarse / 2.0**bits) * 2.0 ** (2 * bits))
    return coarse.astype(np.int64), fine.astype(np.int64)


def decode(
    count: int, sums: Sequence[int], known: ColumnRange, bits: int
) -> tuple[float, float | None]:
    """Mean and sample standard deviation; None for fewer than two values.

    Args:
        count: values present, at least one.
        sums: of high parts, low parts, squared high parts, and high times low.
        known: the column's range.
        bits: bits of a high part.
    """
    high, low, square, mixed = sums
    half = known.maximum / 2 - known.minimum / 2
    first = (high + low / 2.0**bits) / 2.0**bits / count
    mean = (known.minimum / 2 + known.maximum / 2) + half * first
    if count < 2:
        return mean, None
    second = (square + 2.0 * mixed / 2.0**bits) / 2.0 ** (2 * bits) / count
    variance = max(second - first * first, 0.0) * count / (count - 1)
    return mean, half * float(np.sqrt(variance))


def _prepare(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    if not task.is_in("owner"):
        return {}
    table, least = task.table("table"), task.integer("minimum_rows")
    require_rows(task)
    keys = set(task.meta("table").get("key_columns", []))
    asked = set(task.texts("columns"))
    chosen = [
        column
        for column in task.readable("table")
        if (column.name in asked if asked else column.name not in keys)
    ]
    present, values, ranges, withheld = _columns(table, chosen, least)
    bits = fraction_bits(table.rows)
    held["ranges"] = ranges
    held["arrays"] = _arrays(task.me, present, values, ranges, bits)
    kept = [column for column in chosen if column.name not in withheld]
    numeric = {known.name for known in ranges}
    return {
        "rows": table.rows,
        "columns": [[c.name, c.type, c.name in numeric] for c in kept],
        "withheld": withheld,
    }


def _columns(
    table: TableSource, chosen: list[Column], least: int
) -> tuple[list[Any], list[Floats], list[ColumnRange], list[str]]:
    """Presence of every kept column, and values and ranges of the number columns.

    A column with some values, but fewer than the minimum, is withheld: its statistics would be
    about too few rows.
    """
    present: list[Any] = []
    values: list[Floats] = []
    ranges: list[ColumnRange] = []
    withheld: list[str] = []
    for column in chosen:
        array = read_column(table, column.name)
        if column.type in {"int64", "float64"}:
            numeric = numbers(array, column.type)
            known = numeric[~np.isnan(numeric)]
            there = (~np.isnan(numeric)).astype(np.int64)
        else:
            known, there = None, np.asarray(array.is_valid()).astype(np.int64)
        if 0 < int(there.sum()) < least:
            withheld.append(column.name)
            continue
        present.append(there)
        if known is not None and len(known):
            low, high = float(known.min()), float(known.max())
            ranges.append(ColumnRange(column.name, column.type, low, high))
            values.append(numeric)
    return present, values, ranges, withheld


def _arrays(
    me: str, present: list[Any], values: list[Floats], ranges: list[ColumnRange], bits: int
) -> dict[str, Any]:
    arrays = {f"present-{me}": np.stack(present, axis=1)} if present else {}
    if ranges:
        parts = [
            encode(column, known.minimum, known.maximum, bits)
            for column, known in zip(values, ranges, strict=True)
        ]
        arrays[f"high-{me}"] = np.stack([high for high, _ in parts], axis=1)
        arrays[f"low-{me}"] = np.stack([low for _, low in parts], axis=1)
    return arrays


def _check_facts(task: Task, facts: dict[str, Any]) -> int:
    owners = task.parties("owner")
    rows = agreed_rows(task, facts)
    said = [fact for owner in owners for fact in facts[owner]["columns"]]
    names = {name for name, _, _ in said} | {n for o in owners for n in facts[o]["withheld"]}
    for name in task.texts("columns"):
        if name not in names:
            raise NoSuchColumn(f"no owner has a column {name!r}")
    if not any(numeric for _, _, numeric in said):
        raise NoSuchColumn("there is no number column to report on")
    return rows


def _widths(task: Task, facts: dict[str, Any]) -> list[tuple[str, int, int]]:
    """By owner: alias, columns, number columns."""
    return [
        (owner, len(columns), sum(numeric for _, _, numeric in columns))
        for owner in task.parties("owner")
        if (columns := facts[owner]["columns"])
    ]


def _program(task: Task, facts: dict[str, Any], rows: int) -> Program:
    from hanse.compute.engines.programs import Input, Program

    widths = _widths(task, facts)
    numeric = [(owner, width) for owner, _, width in widths if width]
    return Program(
        name="summary-sums",
        load=_load,
        static={"owners": len(widths), "numeric": len(numeric)},
        inputs=[
            *(Input(f"present-{owner}", "int64", (rows, width)) for owner, width, _ in widths),
            *(Input(f"high-{owner}", "int64", (rows, width)) for owner, width in numeric),
            *(Input(f"low-{owner}", "int64", (rows, width)) for owner, width in numeric),
        ],
        outputs=list(SUMS),
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.sums import sums

    return sums


def _assemble(
    task: Task,
    facts: dict[str, Any],
    opened: dict[str, Any],
    ranges: dict[str, list[ColumnRange]],
) -> dict[str, Any]:
    """The report from opened sums: columns in the owners' order."""
    rows = int(facts[task.parties("owner")[0]]["rows"])
    bits = fraction_bits(rows)
    lines: list[dict[str, Any]] = []
    number = 0
    for owner, _, _ in _widths(task, facts):
        known = iter(ranges[owner])
        for name, kind, numeric in facts[owner]["columns"]:
            count = int(opened["counts"][len(lines)])
            line: dict[str, Any] = {
                "owner": owner,
                "column": name,
                "type": kind,
                "count": count,
                "missing": rows - count,
            }
            if numeric:
                span = next(known)
                sums = [int(opened[each][number]) for each in SUMS[1:]]
                mean, deviation = decode(count, sums, span, bits)
                line |= {
                    "mean": mean,
                    "stddev": deviation,
                    "minimum": span.minimum,
                    "maximum": span.maximum,
                }
                number += 1
            lines.append(line)
    withheld = {o: facts[o]["withheld"] for o in task.parties("owner") if facts[o]["withheld"]}
    return {"rows": rows, "columns": lines, "withheld": withheld}
