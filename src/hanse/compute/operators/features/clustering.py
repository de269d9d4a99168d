"""Cluster rows on shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import OutOfRange, TooFewRows
from hanse.compute.operators import preparation
from hanse.compute.operators.features.unsupervised import (
    LARGEST_PRODUCT,
    Agreed,
    Held,
    agree,
    keep_model,
)
from hanse.compute.operators.permutation import permutation
from hanse.compute.operators.schedule import CLIP
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.checkpoint_files import Saved
    from hanse.compute.worker.task import Task

FAMILY = "kmeans/1"
OPENED = ("sizes", "inertia", "quality")


def train(task: Task) -> None:
    """This party's part: share columns and starting centres, iterate, keep a part of the model."""
    link = task.link("data", task.participants)
    held = Held()
    agreed = agree(task, link, held)
    _check_range(task, agreed)
    machine = start_machine(task)
    resumed = task.checkpoint.resume(link, task.parties("compute"))
    enter(task, link, _arrays(task, held, agreed), machine)
    shares: dict[str, bytes] = {}
    if machine is not None:
        _iterate(task, machine, agreed, resumed)
        run_program(task, machine, _fit(task, agreed), "measure")
        shares["centres"] = machine.get("centres")
    opened = open_results(task, link, OPENED, machine)
    task.phase("store")
    if opened:
        task.keep_bytes("report", msgspec.json.encode(_report(agreed, opened)), {})
    settings = {"clusters": task.integer("clusters")}
    keep_model(task, agreed, held, FAMILY, settings, **shares)
    task.finish()


def start_rows(rows: int, clusters: int, seed: int) -> npt.NDArray[np.int64]:
    """Numbers of the rows that are the starting centres, the same at every owner."""
    order = permutation(rows, b"kmeans" + seed.to_bytes(8, "big"))
    return np.sort(order[:clusters])


def _check_range(task: Task, agreed: Agreed) -> None:
    """No sum may leave the ring: prepared values lie within ±10.

    Raises:
        TooFewRows: when there are fewer rows than clusters.
        OutOfRange: when there are too many rows or columns.
    """
    if agreed.rows < task.integer("clusters"):
        raise TooFewRows("there are fewer rows than clusters")
    if max(agreed.rows * CLIP, 4 * agreed.columns * CLIP**2) >= LARGEST_PRODUCT:
        raise OutOfRange("so many rows or columns could leave the range of the arithmetic")


def _arrays(task: Task, held: Held, agreed: Agreed) -> dict[str, Any]:
    if held.recipe is None or not held.recipe.features:
        return {}
    block = preparation.apply(held.recipe, task.table("table"))
    first = start_rows(agreed.rows, task.integer("clusters"), task.integer("seed"))
    return {f"x-{task.me}": block, f"c-{task.me}": block[first]}


def _iterate(task: Task, machine: Machine, agreed: Agreed, resumed: Saved | None) -> None:
    """Move the centres, from the owners' starting ones or from a checkpoint."""
    task.phase("compile")
    ready, task.measures["from_cache"] = machine.load(_moves(task, agreed))
    task.phase("train")
    if resumed is not None:
        machine.restore(resumed.shares)
    done, total = resumed.number if resumed else 0, task.integer("iterations")
    every = task.integer("checkpoint_every") or total
    while done < total:
        count = min(every - done % every, total - done)
        machine.put_public("count", np.asarray(count, np.int32))
        machine.run(ready)
        done += count
        task.checkpoint.save(done, machine.shares(_centres(agreed)))
        task.progress(done, total)


def _centres(agreed: Agreed) -> list[str]:
    return [f"c-{alias}" for alias in agreed.having]


def _inputs(task: Task, agreed: Agreed) -> list[Any]:
    """The owners' rows and their parts of the centres."""
    from hanse.compute.engines.programs import Input

    sizes = {"x": agreed.rows, "c": task.integer("clusters")}
    return [
        Input(f"{what}-{alias}", "float32", (size, agreed.widths[alias]))
        for what, size in sizes.items()
        for alias in agreed.having
    ]


def _moves(task: Task, agreed: Agreed) -> Program:
    from hanse.compute.engines.programs import Input, Program

    return Program(
        name="kmeans-move",
        load=lambda: _load("move"),
        static={"owners": len(agreed.having)},
        inputs=[*_inputs(task, agreed), Input("count", "int32", (), secret=False)],
        outputs=_centres(agreed),
        release=task.manifest.code,
    )


def _fit(task: Task, agreed: Agreed) -> Program:
    from hanse.compute.engines.programs import Program

    return Program(
        name="kmeans-fit",
        load=lambda: _load("fit"),
        static={"owners": len(agreed.having)},
        inputs=_inputs(task, agreed),
        outputs=["centres", *OPENED],
        release=task.manifest.code,
    )


def _load(name: str) -> Callable[..., Any]:
    from hanse.compute.operators.features import grouping

    function: Callable[..., Any] = getattr(grouping, name)
    return function


def _report(agreed: Agreed, opened: dict[str, Any]) -> dict[str, Any]:
    return {
        "rows": agreed.rows,
        "columns": agreed.columns,
        "clusters": [int(size) for size in np.rint(opened["sizes"])],
        "inertia": float(opened["inertia"]),
        "silhouette": float(opened["quality"]) / agreed.rows,
    }
