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
    enter(task, link, _arrays(task, held, agreed), machine)
    shares: dict[str, bytes] = {}
    if machine is not None:
        run_program(task, machine, _program(task, agreed), "train")
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


def _program(task: Task, agreed: Agreed) -> Program:
    from hanse.compute.engines.programs import Input, Program

    clusters, having = task.integer("clusters"), agreed.having
    rows = [Input(f"x-{a}", "float32", (agreed.rows, agreed.widths[a])) for a in having]
    start = [Input(f"c-{a}", "float32", (clusters, agreed.widths[a])) for a in having]
    return Program(
        name="kmeans",
        load=_load,
        static={"owners": len(having), "iterations": task.integer("iterations")},
        inputs=[*rows, *start],
        outputs=["centres", *OPENED],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.features import grouping

    return grouping.iterate


def _report(agreed: Agreed, opened: dict[str, Any]) -> dict[str, Any]:
    return {
        "rows": agreed.rows,
        "columns": agreed.columns,
        "clusters": [int(size) for size in np.rint(opened["sizes"])],
        "inertia": float(opened["inertia"]),
        "silhouette": float(opened["quality"]) / agreed.rows,
    }
