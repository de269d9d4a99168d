"""Read coefficients and their standard errors out of a shared model; Wald's test."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.operators.family import recipe_of
from hanse.compute.operators.model import ModelPart
from hanse.compute.operators.models.entering import Floats
from hanse.compute.operators.models.reading_out import Reading, Units, begin, open_for, units_of
from hanse.compute.operators.sharing import run_program
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

QUANTILE = 1.959963984540054  # of the normal distribution at 97.5 %
LARGEST_REST = 0.05
INTERCEPT, VARIANCE, OFF = "intercept", "variance", "off"


def read(task: Task) -> None:
    """This party's part."""
    reading = begin(task, _entered, lambda _part: None, tested=True)
    if reading.machine is not None:
        run_program(task, reading.machine, _program(task, reading), "variances")
    receivers = task.parties("receiver")
    seen: dict[str, list[str]] = {alias: [INTERCEPT, VARIANCE, OFF] for alias in receivers}
    every = task.text("disclose") == "all"
    for alias in reading.widths:
        if alias in receivers or every:
            seen.setdefault(alias, [OFF]).extend([f"weights-{alias}", f"spreads-{alias}"])
    opened = open_for(task, reading, seen)
    apart = bool(opened) and float(opened[OFF][0]) <= LARGEST_REST
    lines: list[dict[str, Any]] = []
    if f"weights-{task.me}" in opened and reading.part is not None:
        found = (opened[f"weights-{task.me}"], opened[f"spreads-{task.me}"])
        lines = _lines(reading.part, *found, reading.rows, apart)
    told = {task.me: lines}
    if every:
        told = tell_receivers(task, reading.link, lines, list[dict[str, Any]])
    if task.is_in("receiver"):
        intercept = _intercept(opened, reading, apart)
        columns = [{"owner": alias, **line} for alias, part in told.items() for line in part]
        report = {"rows": reading.rows, "intercept": intercept, "columns": columns}
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()


def _entered(units: Units) -> dict[str, Any]:
    if not len(units.matrix):
        return {}
    lengths = np.linalg.norm(units.matrix, axis=1, keepdims=True)
    return {
        "shift": units.shift.astype(np.float32),
        "direction": (units.matrix / lengths).astype(np.float32),
    }


def _program(task: Task, reading: Reading) -> Program:
    from hanse.compute.engines.programs import Input, Program

    widths, total = reading.widths, sum(reading.widths.values()) + 1
    return Program(
        name="wald",
        load=_load,
        static={"widths": ",".join(map(str, widths.values())), "reach": reading.reach},
        inputs=[
            *(Input(f"shift-{alias}", "float32", (width,)) for alias, width in widths.items()),
            *(
                Input(f"direction-{alias}", "float32", (reading.counts[alias], width))
                for alias, width in widths.items()
            ),
            Input("weights", "float32", (total,)),
            Input("covariance", "float32", (total, total)),
        ],
        outputs=[
            INTERCEPT,
            VARIANCE,
            *(f"weights-{alias}" for alias in widths),
            *(f"spreads-{alias}" for alias in widths),
        ],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.models.readout import wald

    return wald


def _lines(
    part: ModelPart, weights: Floats, spreads: Floats, rows: int, apart: bool
) -> list[dict[str, Any]]:
    """This owner's coefficients in the units of its columns."""
    units = units_of(part)
    coefficients = units.matrix @ np.asarray(weights, np.float64)
    variances = 4.0 * np.maximum(spreads, 0.0) / rows * np.sum(units.matrix**2, axis=1)
    known = _identified(units.matrix) & apart
    return [
        {"column": feature.column, "value": _value(feature.what, feature.value)}
        | tested(float(coefficient), math.sqrt(variance) if sure else None)
        for feature, coefficient, variance, sure in zip(
            recipe_of(part).features, coefficients, variances, known, strict=True
        )
    ]


def _value(what: str, value: str) -> str:
    """What a prepared column stands for: empty for the numbers themselves."""
    return {"value": "", "is": value, "gap": "missing", "rest": "others"}[what]


def _identified(matrix: Floats) -> Any:
    """Columns whose coefficient the owner's kept directions determine."""
    return np.diag(matrix @ np.linalg.pinv(matrix)) > 1.0 - 1e-6


def _intercept(opened: dict[str, Any], reading: Reading, apart: bool) -> dict[str, Any]:
    variance = 4.0 * max(float(opened[VARIANCE][0]), 0.0) / reading.rows * 4.0**reading.reach
    return tested(float(opened[INTERCEPT][0]), math.sqrt(variance) if apart else None)


def tested(coefficient: float, error: float | None) -> dict[str, Any]:
    """A coefficient with what Wald's test says of it; None where there is no standard error."""
    if not error:
        nothing = dict.fromkeys(("standard_error", "z", "p", "low", "high"))
        return {"coefficient": coefficient, **nothing}
    z = coefficient / error
    return {
        "coefficient": coefficient,
        "standard_error": error,
        "z": z,
        "p": math.erfc(abs(z) / math.sqrt(2.0)),
        "low": coefficient - QUANTILE * error,
        "high": coefficient + QUANTILE * error,
    }
