"""Opened groups as a table: keys, aggregates, and what a query makes of them, at a receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.result_table import arranged
from hanse.data.batches import ArrowTable

if TYPE_CHECKING:
    from hanse.compute.operators.reports.cells import Opened
    from hanse.compute.operators.reports.plan import Plan
    from hanse.compute.operators.reports.tree import Call


def group_table(plan: Plan, opened: Opened) -> Any:
    """Arrow table of the groups that are shown: keys ``k0``…, aggregates ``a0``…, ``rows``."""
    shown = np.flatnonzero(opened.counts[:, 0])
    columns: dict[str, Any] = {}
    places = np.unravel_index(shown, list(opened.sizes.values()))
    by_owner = dict(zip(opened.sizes, places, strict=True))
    taken: dict[str, int] = {}
    for number, key in enumerate(plan.keys):
        place = taken.get(key.owner, 0)
        taken[key.owner] = place + 1
        labels = opened.labels[key.owner]
        columns[f"k{number}"] = _labels([labels[n][place] for n in by_owner[key.owner]])
    for number, (call, use) in enumerate(zip(plan.aggregates, plan.uses, strict=True)):
        columns[f"a{number}"] = _aggregate(call, use, opened, shown)
    columns["rows"] = pa.array(opened.counts[shown, 0])
    return pa.table(columns)


def _labels(values: list[Any]) -> Any:
    if len({type(value) for value in values if value is not None} & {int, float}) == 2:
        values = [None if value is None else float(value) for value in values]
    made = pa.array(values)
    return made.cast(pa.string()) if pa.types.is_null(made.type) else made


def _aggregate(call: Call, use: list[int], opened: Opened, shown: Any) -> Any:
    """One aggregate of the shown groups, missing where it is hidden or there is no value."""
    if not use:
        return pa.array(opened.counts[shown, 0])
    counts = opened.counts[shown, 1 + use[0]]
    sums = opened.sums[shown, use[0]]
    if call.op == "count":
        return pa.array(np.rint(sums).astype(np.int64))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {
            "sum": lambda: sums,
            "avg": lambda: sums / counts,
            "min": lambda: opened.extremes[shown, use[1]],
            "max": lambda: opened.extremes[shown, use[1]],
            "variance": lambda: _variance(use, opened, shown, counts),
            "stddev": lambda: np.sqrt(_variance(use, opened, shown, counts)),
        }[call.op]()
    return pa.array(values, mask=(counts == 0) | ~np.isfinite(values))


def _variance(use: list[int], opened: Opened, shown: Any, counts: Any) -> Any:
    sums = opened.sums[shown, use[0]]
    squares = opened.sums[shown, use[1]] if len(use) == 2 else opened.squares[shown, use[0]]
    return np.maximum(squares - sums * sums / counts, 0.0) / (counts - 1)


def result_table(plan: Plan, opened: Opened) -> Any:
    """The query's result: HAVING, expressions over aggregates, ORDER BY and LIMIT."""
    groups = group_table(plan, opened)
    if plan.having is not None:
        (kept,) = evaluate(ArrowTable(groups), [plan.having])
        groups = groups.filter(kept.fill_null(False))
    groups = groups.combine_chunks()
    held = ArrowTable(groups)
    shown = evaluate(held, [node for _, node in plan.shown])
    order = evaluate(held, [node for node, _ in plan.order])
    result = pa.table(dict(zip([name for name, _ in plan.shown], map(_plain, shown), strict=True)))
    places = arranged(order, [down for _, down in plan.order], groups.num_rows, plan.limit)
    return result.take(pa.array(places)).combine_chunks()


def _plain(column: Any) -> Any:
    """Numbers of groups and rows as whole numbers where they are; other types as they are."""
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
