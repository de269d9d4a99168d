"""Score and measure every coalition of owners on shares."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.errors import BadInput, OutOfRange
from hanse.compute.operators.agreement import only_holder
from hanse.compute.operators.families import family_of
from hanse.compute.operators.labels import read_labels, read_numbers
from hanse.compute.operators.model import ModelPart, Scale
from hanse.compute.operators.models.shapley import coalitions, shapley
from hanse.compute.operators.scoring import Session, begin, entered_names
from hanse.compute.operators.sharing import LABELS, enter, open_results

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

QUALITY = "quality"
FARTHEST_LABEL = 1_000.0
METRICS = {"binary": ("auc", 0.5), "number": ("r2", 0.0)}


def measure(task: Task) -> None:
    """This party's part."""
    held: dict[str, Any] = {}
    session = begin(task, functools.partial(_check, task, held))
    holders = session.link.exchange(LABELS in held)
    only_holder(task, {a: {LABELS: is_} for a, is_ in holders.items()}, LABELS, task.text("label"))
    enter(task, session.link, held, session.machine)
    owners = task.parties("owner")
    names = {alias: f"x-{alias}" for alias in owners}
    shared = {name for _, name, _ in entered_names(task, session.model)}
    sets = coalitions(owners)
    if session.machine is not None:
        _run(task, session, [{names[a] for a in chosen} & shared for chosen in sets])
    opened = open_results(
        task, session.link, [f"{QUALITY}-{number}" for number in range(len(sets))], session.machine
    )
    task.measures["rows"] = session.rows
    if opened:
        values = [float(opened[f"{QUALITY}-{number}"][0]) for number in range(len(sets))]
        metric, nobody = METRICS[family_of(session.model.family).target]
        report = _report(owners, sets, values, metric, nobody)
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()


def _check(task: Task, held: dict[str, Any], part: ModelPart | None) -> None:
    """See that coalitions can be measured; read the label at its holder.

    Raises:
        BadInput: for a model without a mean row, or one of classes.
        OutOfRange: for a number label far from its mean.
    """
    if part is None:
        return
    family = family_of(part.family)
    kinds = {kind for did in part.widths for kind in family.entered(part, did)}
    if not family.centred or family.target not in METRICS or kinds - {"x"}:
        raise BadInput("contributions are of regressions and networks, for 0 and 1 or a number")
    if family.target == "number" and family.link != "identity":
        raise BadInput("contributions to a model with a logarithmic link are not offered")
    columns = task.readable("table") if task.is_in("owner") else []
    for column in columns:
        if column.name == task.text("label"):
            held[LABELS] = _labels(task, part, column)


def _labels(task: Task, part: ModelPart, column: Any) -> Any:
    table = task.table("table")
    if family_of(part.family).target == "binary":
        return read_labels(table, column)
    scale = part.scale or Scale()
    values = (read_numbers(table, column) - scale.mean) / scale.deviation
    if np.abs(values).max() > FARTHEST_LABEL:
        raise OutOfRange(f"the label {column.name!r} has single amounts that rule all others")
    return values.astype(np.float32)


def _run(task: Task, session: Session, sets: list[set[str]]) -> None:
    """Measure one coalition after the other; columns of those outside become secret zeros."""
    from hanse.compute.engines.spu import share_known

    machine = session.machine
    if machine is None:
        return
    task.phase("compile")
    program = _program(task, session)
    ready, task.measures["from_cache"] = machine.load(program)
    kept = {name: machine.get(name) for _, name, _ in entered_names(task, session.model)}
    nodes = task.parties("compute")
    nothing = {
        name: share_known(
            machine.link, nodes, machine.sharing, np.zeros((session.rows, *shape), np.float32)
        )
        for _, name, shape in entered_names(task, session.model)
    }
    task.phase("measure")
    for number, inside in enumerate(sets):
        for name, share in kept.items():
            machine.put(name, share if name in inside else nothing[name])
        machine.run(ready)
        machine.put(f"{QUALITY}-{number}", machine.get(QUALITY))
        task.progress(number + 1, len(sets))


def _program(task: Task, session: Session) -> Program:
    from hanse.compute.engines.programs import Input, Program

    part, rows = session.model, session.rows
    family = family_of(part.family)
    return Program(
        name=f"quality-{part.family}",
        load=functools.partial(_load, part.family),
        static={**family.static(part), "kind": family.target},
        inputs=[
            *(
                Input(name, "float32", (rows, *shape))
                for _, name, shape in entered_names(task, part)
            ),
            *(Input(name, "float32", shape) for name, shape in family.variables(part).items()),
            Input(LABELS, "float32", (rows,)),
        ],
        outputs=[QUALITY],
        release=task.manifest.code,
    )


def _load(family: str) -> Any:
    from hanse.compute.operators.models.quality import measured

    return functools.partial(measured, score=family_of(family).load())


def _report(
    owners: list[str], sets: list[tuple[str, ...]], values: list[float], metric: str, nobody: float
) -> dict[str, Any]:
    known = {frozenset(chosen): value for chosen, value in zip(sets, values, strict=True)}
    parts = shapley(owners, {frozenset(): nobody, **known})
    return {
        "metric": metric,
        "coalitions": [
            {"owners": list(chosen), "value": value}
            for chosen, value in zip([(), *sets], [nobody, *values], strict=True)
        ],
        "contributions": [{"owner": owner, "value": value} for owner, value in parts.items()],
    }
