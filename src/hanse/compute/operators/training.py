"""Train a logistic regression on shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.errors import (
    NoFeatures,
)
from hanse.compute.operators import preparation
from hanse.compute.operators.agreement import (
    agreed_rows,
    known_of,
    only_holder,
    require_excluded,
    require_rows,
)
from hanse.compute.operators.labels import read_labels
from hanse.compute.operators.model import model_id, new_part
from hanse.compute.operators.schedule import Schedule, check_range, make_schedule
from hanse.compute.operators.sharing import LABELS, enter, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

STATE = ("weights", "velocity")


def train(task: Task) -> None:
    """This party's part: prepare and share columns, train, keep a part of the model."""
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    facts = task.agree(link, lambda: _prepare(task, held))
    widths = {alias: int(facts[alias]["columns"]) for alias in task.parties("owner")}
    schedule = _agreed(task, facts, widths)
    machine = start_machine(task)
    enter(task, link, _arrays(task, held, schedule), machine)
    share = b""
    if machine is not None:
        _start_weights(task, link, machine, sum(widths.values()) + 1)
        share = _descend(task, machine, schedule, _program(task, schedule, widths))
    task.phase("store")
    recipe = held.get("recipe")
    meta = {"model": model_id(task), "dropped": recipe.dropped if recipe else []}
    task.keep_bytes("model", new_part(task, widths, recipe=recipe, share=share), meta)
    task.measures.update(rows=schedule.rows, columns=sum(widths.values()))
    task.finish()


def _prepare(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    """Check and prepare this owner's columns; what the others are told of them."""
    if not task.is_in("owner"):
        return {}
    table, label = task.table("table"), task.text("label")
    require_rows(task)
    skipped = {label, *task.texts("exclude"), *task.meta("table").get("key_columns", [])}
    columns = task.readable("table")
    for column in columns:
        if column.name == label:
            held["labels"] = read_labels(table, column)
    wanted = [column for column in columns if column.name not in skipped]
    held["recipe"] = recipe = preparation.learn(table, wanted, task.integer("max_categories"))
    held["block"] = preparation.apply(recipe, table)
    return {
        "rows": table.rows,
        "columns": len(recipe.features),
        "label": "labels" in held,
        "excluded": known_of(task, "exclude"),
    }


def _agreed(task: Task, facts: dict[str, Any], widths: dict[str, int]) -> Schedule:
    """The schedule, once all parties' inputs are seen to fit together."""
    rows = agreed_rows(task, facts)
    only_holder(task, facts, "label", task.text("label"), "label column")
    require_excluded(task, facts)
    if sum(widths.values()) == 0:
        raise NoFeatures("no column is left to learn from")
    schedule = make_schedule(
        rows,
        task.integer("batch_size"),
        task.integer("epochs"),
        task.decimal("learning_rate"),
    )
    check_range(schedule, sum(widths.values()), task.decimal("momentum"))
    return schedule


def _arrays(task: Task, held: dict[str, Any], schedule: Schedule) -> dict[str, Any]:
    """What this owner shares: its columns and, at its holder, the label, in training order."""
    if not task.is_in("owner"):
        return {}
    order = schedule.order(task.nonce)
    arrays: dict[str, Any] = {}
    if held["block"].shape[1]:
        arrays[f"x-{task.me}"] = held["block"][order]
    if "labels" in held:
        arrays[LABELS] = held["labels"][order]
    return arrays


def _start_weights(task: Task, link: Link, machine: Machine, width: int) -> None:
    """Zeros as secret values: the first computing node shares them."""
    from hanse.compute.engines.spu import deliver

    nodes = task.parties("compute")
    for name in STATE:
        if task.me == nodes[0]:
            shares = machine.sharing.split(np.zeros(width, np.float32))
            deliver(link, nodes, shares)
            machine.put(name, shares[0])
        else:
            machine.put(name, link.receive(nodes[0]))


def _program(task: Task, schedule: Schedule, widths: dict[str, int]) -> Program:
    from hanse.compute.engines.programs import Input, Program

    total = schedule.steps * schedule.batch
    blocks = [Input(f"x-{a}", "float32", (total, width)) for a, width in widths.items() if width]
    state = [Input(name, "float32", (sum(widths.values()) + 1,)) for name in STATE]
    return Program(
        name="logistic-epoch",
        load=_load,
        static={
            "batch": schedule.batch,
            "momentum": task.decimal("momentum"),
            "l2": task.decimal("l2"),
        },
        inputs=[
            *blocks,
            Input(LABELS, "float32", (total,)),
            *state,
            Input("rate", "float32", (), secret=False),
        ],
        outputs=list(STATE),
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators import regression

    return regression.epoch


def _descend(task: Task, machine: Machine, schedule: Schedule, program: Program) -> bytes:
    """Run the epochs; returns this node's share of the weights."""
    task.phase("compile")
    ready, task.measures["from_cache"] = machine.load(program)
    task.phase("train")
    for number, rate in enumerate(schedule.rates, start=1):
        machine.put_public("rate", np.asarray(rate, np.float32))
        machine.run(ready)
        task.progress(number, len(schedule.rates))
    return machine.get(STATE[0])
