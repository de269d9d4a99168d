"""Principal components on shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import NoFeatures, OutOfRange
from hanse.compute.operators import preparation
from hanse.compute.operators.features.unsupervised import Agreed, Held, agree, keep_model
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

FAMILY = "pca/1"
MOST_COLUMNS = 500  # squared lengths are at most columns², and products must stay under 2^26
STRETCH = 512.0  # as in `rotation`, which would load JAX
VARIANCES = "variances"


def train(task: Task) -> None:
    """This party's part: share columns, find components, keep a part of the model."""
    link = task.link("data", task.participants)
    held = Held()
    agreed = agree(task, link, held)
    _check(task, agreed)
    machine = start_machine(task)
    enter(task, link, _arrays(task, held, agreed), machine)
    shares: dict[str, bytes] = {}
    if machine is not None:
        start = start_vectors(agreed.columns, task.integer("components"))
        machine.put_public("start", start)
        run_program(task, machine, _program(task, agreed), "train")
        shares["components"] = machine.get("components")
    opened = open_results(task, link, [VARIANCES], machine)
    task.phase("store")
    if opened:
        task.keep_bytes("report", msgspec.json.encode(_report(agreed, opened[VARIANCES])), {})
    settings = {"components": task.integer("components")}
    keep_model(task, agreed, held, FAMILY, settings, **shares)
    task.finish()


def start_vectors(columns: int, components: int) -> npt.NDArray[np.float32]:
    """Orthonormal vectors to start from, the same at every node; shape (columns, components).

    Cosines (DCT-II): no draws that could differ between library versions.
    """
    angles = np.pi * (np.arange(columns)[:, None] + 0.5) * np.arange(1, components + 1) / columns
    waves = np.cos(angles)
    vectors, _ = np.linalg.qr(waves + 0.1 * np.cos(3.0 * angles + 1.0))
    return np.ascontiguousarray(vectors, np.float32)


def _check(task: Task, agreed: Agreed) -> None:
    if agreed.columns < task.integer("components"):
        raise NoFeatures("there are fewer prepared columns than components")
    if agreed.columns > MOST_COLUMNS:
        raise OutOfRange("so many columns could leave the range of the arithmetic")


def _arrays(task: Task, held: Held, agreed: Agreed) -> dict[str, Any]:
    """Standardised columns, not clipped; see `rotation.components` for their scale."""
    if held.recipe is None or not held.recipe.features:
        return {}
    block = preparation.apply(held.recipe, task.table("table"), np.inf)
    return {f"x-{task.me}": block * np.float32(STRETCH / np.sqrt(agreed.rows))}


def _program(task: Task, agreed: Agreed) -> Program:
    from hanse.compute.engines.programs import Input, Program

    number = task.integer("components")
    blocks = [Input(f"x-{a}", "float32", (agreed.rows, agreed.widths[a])) for a in agreed.having]
    return Program(
        name="pca",
        load=_load,
        static={"iterations": task.integer("iterations")},
        inputs=[*blocks, Input("start", "float32", (agreed.columns, number), secret=False)],
        outputs=["components", VARIANCES],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.features import rotation

    return rotation.components


def _report(agreed: Agreed, variances: Any) -> dict[str, Any]:
    values = [max(float(value), 0.0) for value in variances]
    return {
        "rows": agreed.rows,
        "columns": agreed.columns,
        "variances": values,
        "shares": [value / agreed.columns for value in values],
    }
