"""Groups of rows: aggregated on shares, small groups hidden, opened to the receivers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.operators.reports.encoding import Encoding
from hanse.compute.operators.reports.errors import NoGroups, TooManyGroups
from hanse.compute.operators.reports.execution import Session
from hanse.compute.operators.reports.group_labels import Groups, own_groups
from hanse.compute.operators.reports.scaling import BITS
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

RESULTS = ("counts", "sums", "extremes")
BLOCK_CELLS = 1 << 22
EXTREME_BITS = 60


class Layout(msgspec.Struct, frozen=True):
    """What `cells_program.cells` is told.

    Attributes:
        owners: how many owners bring groups.
        extreme_sums: for each extreme, the sum over the same expression.
        block: rows handled at a time; divides the number of rows.
    """

    owners: int
    slots: list[list[int]]
    filters: list[Any]
    sums: list[Any]
    squares: list[bool]
    extremes: list[list[Any]]
    extreme_sums: list[int]
    least: int
    block: int


class Opened(msgspec.Struct, frozen=True):
    """What the receivers opened, put back to scale.

    Attributes:
        counts: rows by group and sum, see `cells_program.cells`.
        labels: by owner with keys, the labels of its groups.
        sizes: groups by owner, in order.
    """

    counts: Any
    sums: Any
    squares: Any
    extremes: Any
    labels: dict[str, list[list[Any]]]
    sizes: dict[str, int]


def open_groups(session: Session, least: int, most: int) -> Opened | None:
    """Aggregate by the plan's groups; what was opened, at a receiver.

    Args:
        session: with a plan of groups.
        least: groups with fewer rows are hidden.
        most: groups the report may have.
    """
    task = session.task
    groups: list[Groups] = []

    def mine() -> int:
        if not task.is_in("owner") or task.me not in _bringing(session):
            return 0
        groups.append(own_groups(task.table("table"), session.plan, task.me, least))
        if groups[0].count > most:
            raise TooManyGroups("the group columns have more values than the report may have")
        return groups[0].count

    told = session.measure(mine)
    sizes = {owner: int(told[owner]) for owner in _bringing(session)}
    _check(sizes, most)
    encoding = session.encoding()
    layout, scales, widths = make_layout(encoding, sizes, least)
    padded = -(-session.rows // layout.block) * layout.block
    arrays = encoding.arrays(task.me, session.values)
    if groups:
        arrays[f"groups-{task.me}"] = groups[0].members()
    arrays = {name: _pad(array, padded) for name, array in arrays.items()}
    machine = start_machine(task)
    enter(task, session.link, arrays, machine)
    if machine is not None:
        run_program(task, machine, _program(task, layout, padded, sizes, widths), "aggregate")
    opened = open_results(task, session.link, RESULTS, machine)
    labels = tell_receivers(task, session.link, groups[0].labels if groups else [], list[list[Any]])
    task.measures.update(rows=session.rows)
    return scaled(opened, scales, labels, sizes) if opened else None


def _bringing(session: Session) -> list[str]:
    """Owners with group keys or conditions of their own; the first one when there is none."""
    plan = session.plan
    owners = session.task.parties("owner")
    found = [o for o in owners if o in plan.own_filters or any(k.owner == o for k in plan.keys)]
    return found or owners[:1]


def _check(sizes: dict[str, int], most: int) -> None:
    for owner, groups in sizes.items():
        if groups == 0:
            raise NoGroups(f"no group of {owner} has enough rows to be shown")
    if math.prod(sizes.values()) > most:
        raise TooManyGroups("the group columns together have more values than the report may have")


def make_layout(
    encoding: Encoding, sizes: dict[str, int], least: int
) -> tuple[Layout, dict[str, list[int]], dict[str, int]]:
    """Steps for all aggregates, the scales of what comes out, and columns of each owner."""
    plan, scaler = encoding.plan, encoding.scaler
    bits = BITS - max(encoding.rows - 1, 1).bit_length()
    filters = [scaler.truth(node) for node in plan.filters]
    sums = [
        scaler.number(node, bits // 2 if square else bits)
        for node, square in zip(plan.sums, plan.squares, strict=True)
    ]
    extremes = [(op, *scaler.number(node, EXTREME_BITS)) for op, node in plan.extremes]
    compared = [
        use
        for call, use in zip(plan.aggregates, plan.uses, strict=True)
        if call.op in {"min", "max"}
    ]
    places, widths = encoding.places()
    layout = Layout(
        owners=len(sizes),
        slots=places,
        filters=filters,
        sums=[step for step, _ in sums],
        squares=plan.squares,
        extremes=[[op, step] for op, step, _ in extremes],
        extreme_sums=[total for total, _ in sorted(compared, key=lambda use: use[1])],
        least=least,
        block=min(encoding.rows, max(256, BLOCK_CELLS // math.prod(sizes.values()))),
    )
    scales = {"sums": [s for _, s in sums], "extremes": [s for _, _, s in extremes]}
    return layout, scales, widths


def _pad(array: Any, rows: int) -> Any:
    return np.pad(array, ((0, rows - len(array)), (0, 0)))


def _program(
    task: Task, layout: Layout, rows: int, sizes: dict[str, int], widths: dict[str, int]
) -> Program:
    from hanse.compute.engines.programs import Input, Program

    return Program(
        name="cells",
        load=_load,
        static={"plan": msgspec.json.encode(layout).decode()},
        inputs=[
            *(Input(f"groups-{owner}", "int64", (rows, size)) for owner, size in sizes.items()),
            *(Input(f"leaves-{owner}", "int64", (rows, width)) for owner, width in widths.items()),
        ],
        outputs=list(RESULTS),
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.reports.cells_program import cells

    return cells


def scaled(
    opened: dict[str, Any], scales: dict[str, list[int]], labels: Any, sizes: dict[str, int]
) -> Opened:
    """What was opened, back to scale."""
    width = len(scales["sums"])
    sums = np.asarray(opened["sums"], np.int64)
    by = np.array(scales["sums"], np.int64)
    extremes = np.asarray(opened["extremes"], np.float64)[:, : len(scales["extremes"])]
    return Opened(
        counts=np.asarray(opened["counts"], np.int64),
        sums=np.ldexp(sums[:, :width].astype(np.float64), -by),
        squares=np.ldexp(sums[:, width:].astype(np.float64), -2 * by),
        extremes=np.ldexp(extremes, -np.array(scales["extremes"], np.int64)),
        labels=labels,
        sizes=sizes,
    )
