"""What `evaluate` and `predict` share: score rows on shares and open the scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadInput, RowsDiffer, TooFewRows
from hanse.compute.operators import preparation
from hanse.compute.operators.model import facts_of, read_part
from hanse.compute.operators.sharing import enter, open_results, same, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task


def open_scores(task: Task, check: Callable[[], None]) -> npt.NDArray[np.float64] | None:
    """Linear scores of the input rows, at a receiver; None elsewhere.

    Args:
        task: an operator with the inputs ``model`` and ``table``.
        check: this party's further checks before anything leaves.
    """
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        fact: dict[str, Any] = {}
        if task.is_in("owner") or task.is_in("compute"):
            held["part"] = part = read_part(task)
            fact = facts_of(part)
        if task.is_in("owner"):
            held["block"] = _block(task, part.recipe)
            fact["rows"] = len(held["block"])
        check()
        return fact

    facts = task.agree(link, prepare)
    rows = _check_facts(task, facts)
    machine = start_machine(task)
    block = held.get("block")
    arrays = {f"x-{task.me}": block} if block is not None and block.shape[1] else {}
    enter(task, link, arrays, machine)
    if machine is not None:
        task.phase("compile")
        ready, task.measures["from_cache"] = machine.load(
            _program(task, facts[task.me]["widths"], rows)
        )
        task.phase("score")
        machine.put("weights", held["part"].share)
        machine.run(ready)
    opened = open_results(task, link, ["scores"], machine)
    task.measures["rows"] = rows
    return np.asarray(opened["scores"], np.float64) if opened else None


def _block(task: Task, recipe: preparation.Recipe | None) -> Any:
    table = task.table("table")
    if table.rows < task.integer("minimum_rows"):
        raise TooFewRows(f"fewer rows than the {task.integer('minimum_rows')} that are needed")
    if recipe is None:
        raise BadInput("this owner's part of the model lacks its recipe")
    granted = {column.name for column in task.readable("table")}
    if not granted.issuperset(recipe.types):
        raise BadInput("columns the model needs were not granted")
    return preparation.apply(recipe, table)


def _check_facts(task: Task, facts: dict[str, Any]) -> int:
    """The row count, once all parties' inputs are seen to belong together."""
    holders = list(dict.fromkeys(task.parties("owner") + task.parties("compute")))
    if same(facts, holders, "model") is None or same(facts, holders, "widths") is None:
        raise BadInput("the parties hold parts of different models")
    rows = same(facts, task.parties("owner"), "rows")
    if rows is None:
        raise RowsDiffer("the owners' tables have different numbers of rows")
    return int(rows)


def _program(task: Task, widths: list[list[Any]], rows: int) -> Program:
    from hanse.compute.engines.programs import Input, Program

    by_did = {task.manifest.party(alias).did: alias for alias in task.parties("owner")}
    blocks = [Input(f"x-{by_did[did]}", "float32", (rows, width)) for did, width in widths if width]
    total = sum(width for _, width in widths)
    return Program(
        name="logistic-scores",
        load=_load,
        static={},
        inputs=[*blocks, Input("weights", "float32", (total + 1,))],
        outputs=["scores"],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators import regression

    return regression.scores
