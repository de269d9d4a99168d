"""One party's part of a private report: check, share values and noise, add, open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.errors import BadInput, NoSuchColumn
from hanse.compute.operators.agreement import agreed_rows, only_holder, require_rows
from hanse.compute.operators.reports.noise import calibrate, draw
from hanse.compute.operators.reports.private_inputs import membership, values_of
from hanse.compute.operators.reports.private_questions import Questions, read_questions
from hanse.compute.operators.reports.private_table import assemble
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

RESULT = "noisy"
NUMBERS = ("int64", "float64")
BLOCK_CELLS = 1 << 22


class Held(msgspec.Struct, frozen=True):
    """Which owner brings what, in the order of the owners.

    Attributes:
        groups: places in ``questions.by``, by owner.
        columns: places in ``questions.columns``, by owner.
    """

    groups: dict[str, list[int]]
    columns: dict[str, list[int]]

    @property
    def group_order(self) -> list[int]:
        """Group columns as the program multiplies them."""
        return [place for places in self.groups.values() for place in places]

    @property
    def column_order(self) -> list[int]:
        """Columns as the program sums them."""
        return [place for places in self.columns.values() for place in places]


def report(task: Task) -> None:
    """This party's part of the report."""
    link = task.link("data", task.participants)
    facts = task.agree(link, lambda: _check(task))
    asked = _asked(task)
    rows, held = agreed_rows(task, facts), find_holders(task, asked, facts)
    questions = Questions([asked.columns[n] for n in held.column_order], asked.by)
    epsilon = task.text("epsilon")
    families = calibrate(epsilon, questions.sensitivities)
    block = min(rows, max(256, BLOCK_CELLS // questions.cells))
    padded = -(-rows // block) * block
    machine = start_machine(task)
    enter(task, link, _arrays(task, asked, held, padded), machine)
    if machine is not None:
        _enter_noise(task, link, machine, draw(families, questions.cells))
        run_program(task, machine, _program(task, asked, held, padded, block), "aggregate")
    opened = open_results(task, link, [RESULT], machine)
    if opened:
        made = assemble(
            questions,
            held.group_order,
            families,
            opened[RESULT],
            rows=rows,
            nodes=len(task.parties("compute")),
            epsilon=epsilon,
        )
        task.keep_bytes("report", msgspec.json.encode(made), {})
    task.measures.update(rows=rows, groups=questions.cells, families=len(families))
    task.finish()


def _asked(task: Task) -> Questions:
    return read_questions(task.texts("columns"), task.texts("by"), task.integer("maximum_groups"))


def _check(task: Task) -> dict[str, Any]:
    asked = _asked(task)
    if not task.is_in("owner"):
        return {}
    types = {column.name: column.type for column in task.readable("table")}
    for column in asked.columns:
        if types.get(column.name, "int64") not in NUMBERS:
            raise NoSuchColumn(f"the column {column.name!r} holds no numbers")
    names = [*(each.name for each in asked.columns), *(each.name for each in asked.by)]
    return {"rows": require_rows(task), **{f"has {name}": name in types for name in names}}


def find_holders(task: Task, asked: Questions, facts: Mapping[str, Any]) -> Held:
    """Who holds each column; raises `NoSuchColumn`, `AmbiguousColumn`."""
    held = Held({}, {})
    for owner in task.parties("owner"):
        for places, names in (
            (held.groups, [each.name for each in asked.by]),
            (held.columns, [each.name for each in asked.columns]),
        ):
            mine = [
                n
                for n, name in enumerate(names)
                if only_holder(task, facts, f"has {name}", name) == owner
            ]
            places.update({owner: mine} if mine else {})
    return held


def _arrays(task: Task, asked: Questions, held: Held, padded: int) -> dict[str, Any]:
    """What this owner shares; rows that pad are in no group and add nothing."""
    if not task.is_in("owner"):
        return {}
    table = task.table("table")
    kinds = {column.name: column for column in task.readable("table")}
    arrays = {}
    if task.me in held.groups:
        groupings = [asked.by[place] for place in held.groups[task.me]]
        arrays[f"groups-{task.me}"] = membership(table, groupings)
    if task.me in held.columns:
        mine = [asked.columns[place] for place in held.columns[task.me]]
        values = [values_of(table, kinds[column.name], column) for column in mine]
        arrays[f"values-{task.me}"] = np.stack(values, axis=1)
    return {k: np.pad(each, ((0, padded - len(each)), (0, 0))) for k, each in arrays.items()}


def _enter_noise(task: Task, link: Link, machine: Machine, mine: Any) -> None:
    """Every computing node shares its own noise with the others; none sees another's."""
    from hanse.compute.engines.spu import deliver

    nodes = task.parties("compute")
    shares = machine.sharing.split(mine)
    deliver(link, nodes, shares)
    for alias in nodes:
        share = shares[nodes.index(alias)] if alias == task.me else link.receive(alias)
        if not share:
            raise BadInput(f"{alias} sent no noise")
        machine.put(f"noise-{alias}", share)


def _program(task: Task, asked: Questions, held: Held, rows: int, block: int) -> Program:
    from hanse.compute.engines.programs import Input, Program

    sizes = {
        owner: Questions([], [asked.by[place] for place in places]).cells
        for owner, places in held.groups.items()
    }
    noise = (asked.cells, len(asked.sensitivities))
    return Program(
        name="noisy-sums",
        load=_load,
        static={"groups": len(held.groups), "values": len(held.columns), "block": block},
        inputs=[
            *(Input(f"groups-{owner}", "int64", (rows, size)) for owner, size in sizes.items()),
            *(Input(f"values-{o}", "int64", (rows, len(c))) for o, c in held.columns.items()),
            *(Input(f"noise-{alias}", "int64", noise) for alias in task.parties("compute")),
        ],
        outputs=[RESULT],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.reports.private_program import noisy_sums

    return noisy_sums
