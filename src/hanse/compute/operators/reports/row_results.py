"""Expressions row by row: evaluated on shares, opened to the receivers as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.operators.reports.encoding import Encoding
from hanse.compute.operators.reports.execution import Session
from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.result_table import arranged
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.operators.reports.plan import Plan
    from hanse.compute.worker.task import Task

RESULT = "rows"


class Layout(msgspec.Struct, frozen=True):
    """What `rows_program.rows` is told."""

    slots: list[list[int]]
    filters: list[Any]
    outputs: list[Any]
    truths: list[bool]


def show_rows(session: Session, port: str) -> None:
    """Evaluate the plan's outputs and keep them at the receivers."""
    task = session.task
    session.measure()
    encoding = session.encoding()
    layout, scales, widths = make_layout(encoding)
    machine = start_machine(task)
    enter(task, session.link, encoding.arrays(task.me, session.values), machine)
    if machine is not None:
        run_program(task, machine, _program(task, layout, session.rows, widths), "calculate")
    opened = open_results(task, session.link, [RESULT], machine)
    if opened:
        task.phase("store")
        _keep(session, np.asarray(opened[RESULT], np.int64), scales, port)
    task.measures["rows"] = session.rows
    task.finish()


def make_layout(encoding: Encoding) -> tuple[Layout, list[int], dict[str, int]]:
    """Steps for all outputs, their scales, and columns of each owner."""
    plan, scaler = encoding.plan, encoding.scaler
    filters = [scaler.truth(node) for node in plan.filters]
    outputs: list[Any] = []
    scales: list[int] = []
    for _, node, truth in plan.outputs:
        step, scale = (scaler.truth(node), 0) if truth else scaler.number(node)
        outputs.append(step)
        scales.append(scale)
    places, widths = encoding.places()
    return Layout(places, filters, outputs, [truth for _, _, truth in plan.outputs]), scales, widths


def _program(task: Task, layout: Layout, rows: int, widths: dict[str, int]) -> Program:
    from hanse.compute.engines.programs import Input, Program

    return Program(
        name="rows",
        load=_load,
        static={"plan": msgspec.json.encode(layout).decode()},
        inputs=[Input(f"leaves-{o}", "int64", (rows, width)) for o, width in widths.items()],
        outputs=[RESULT],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.reports.rows_program import rows

    return rows


def _keep(session: Session, opened: Any, scales: list[int], port: str) -> None:
    """Write keys (or row numbers) and values of the rows that passed, in the order asked for."""
    import pyarrow as pa

    from hanse.data.batches import ArrowTable

    task, plan = session.task, session.plan
    passed = np.flatnonzero(opened[:, 0])
    held, keys = row_names(task, passed)
    for number, (name, values) in enumerate(decoded(plan, opened[passed], scales)):
        named = name if name not in held.column_names else f"{name}_{number + 1}"
        held = held.append_column(named, values)
    if plan.order or plan.limit is not None:
        held = held.take(pa.array(_order(session, held)))
    task.keep_table(port, ArrowTable(held.combine_chunks()), {"key_columns": keys})


def decoded(plan: Plan, opened: Any, scales: list[int]) -> list[tuple[str, Any]]:
    """Names and Arrow arrays of the outputs, from what was opened."""
    import pyarrow as pa

    out = []
    for place, (name, _, truth) in enumerate(plan.outputs):
        values = opened[:, 1 + place]
        there = opened[:, 1 + len(plan.outputs) + place].astype(bool)
        numbers = values.astype(bool) if truth else np.ldexp(values.astype(float), -scales[place])
        out.append((name, pa.array(numbers, mask=~there)))
    return out


def row_names(task: Task, passed: Any) -> tuple[Any, list[str]]:
    """At an owner its keys of these rows, elsewhere row numbers."""
    import pyarrow as pa

    if task.is_in("owner"):
        granted = {column.name for column in task.readable("table")}
        keys = [name for name in task.meta("table").get("key_columns", []) if name in granted]
        if keys:
            return task.table("table").to_arrow(keys).combine_chunks().take(pa.array(passed)), keys
    return pa.table({"row": passed + 1}), []


def _order(session: Session, held: Any) -> Any:
    from hanse.data.batches import ArrowTable

    plan = session.plan
    columns = evaluate(ArrowTable(held), [node for node, _ in plan.order])
    return arranged(columns, [down for _, down in plan.order], held.num_rows, plan.limit)
