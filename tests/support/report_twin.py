"""A plan carried out in one process: the owners' own parts, and the JAX functions on the CPU."""

from __future__ import annotations

from typing import Any

import jax
import msgspec
import numpy as np
import pyarrow as pa

from hanse.compute.operators.reports import cells, row_results
from hanse.compute.operators.reports.cells_program import cells as cells_program
from hanse.compute.operators.reports.encoding import Encoding
from hanse.compute.operators.reports.group_labels import own_groups
from hanse.compute.operators.reports.group_table import result_table
from hanse.compute.operators.reports.leaves import Fact, formed, measure
from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.plan import Plan, make_plan
from hanse.compute.operators.reports.query import read_query
from hanse.compute.operators.reports.rows_program import rows as rows_program
from hanse.data.batches import ArrowTable

Tables = dict[str, Any]


def answer(text: str, tables: Tables, least: int = 1) -> pa.Table:
    """The result of a query over aligned Arrow tables by party."""
    held = {owner: ArrowTable(pa.table(table)) for owner, table in tables.items()}
    schema = {o: {c.name: c.type for c in table.columns} for o, table in held.items()}
    plan = make_plan(read_query(text, schema), schema)
    values = {owner: _values(plan, owner, table) for owner, table in held.items()}
    facts: list[Fact] = []
    for leaf in plan.leaves:
        mine = [each for each in plan.leaves if each.owner == leaf.owner]
        facts.append(measure(leaf, values[leaf.owner][mine.index(leaf)]))
    encoding = Encoding(plan, facts, next(iter(held.values())).rows)
    run = _grouped if plan.grouped else _rows
    with jax.experimental.enable_x64(True):
        return run(encoding, held, values, least)


def _values(plan: Plan, owner: str, table: ArrowTable) -> list[Any]:
    mine = [leaf for leaf in plan.leaves if leaf.owner == owner]
    found = evaluate(table, [leaf.node for leaf in mine])
    return [formed(leaf, each) for leaf, each in zip(mine, found, strict=True)]


def _rows(encoding: Encoding, held: Tables, values: dict[str, Any], _: int) -> pa.Table:
    layout, scales, widths = row_results.make_layout(encoding)
    arrays = [encoding.arrays(o, values[o])[f"leaves-{o}"] for o in widths]
    plan = msgspec.json.encode(layout).decode()
    opened = np.asarray(rows_program(*arrays, plan=plan))
    passed = opened[np.flatnonzero(opened[:, 0])]
    return pa.table(dict(row_results.decoded(encoding.plan, passed, scales)))


def _grouped(encoding: Encoding, held: Tables, values: dict[str, Any], least: int) -> pa.Table:
    plan = encoding.plan
    keyed = {key.owner for key in plan.keys} | set(plan.own_filters)
    bringing = [owner for owner in held if owner in keyed] or list(held)[:1]
    groups = {owner: own_groups(held[owner], plan, owner, least) for owner in bringing}
    sizes = {owner: group.count for owner, group in groups.items()}
    layout, scales, widths = cells.make_layout(encoding, sizes, least)
    arrays = [group.members() for group in groups.values()]
    arrays += [encoding.arrays(o, values[o])[f"leaves-{o}"] for o in widths]
    found = cells_program(*arrays, plan=msgspec.json.encode(layout).decode())
    opened = dict(zip(cells.RESULTS, map(np.asarray, found), strict=True))
    labels = {owner: group.labels for owner, group in groups.items()}
    return result_table(plan, cells.scaled(opened, scales, labels, sizes))
