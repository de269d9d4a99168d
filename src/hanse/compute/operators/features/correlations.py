"""Pearson correlation of number columns of all owners.

An owner centres each column, divides it by its length and multiplies by 2^31: whole numbers
whose squares add up to 2^62 whatever the values and the row count. So no product of two columns
can leave the 64-bit ring (Cauchy-Schwarz), and divided by 2^62 it is the correlation, good to
about 10^-9. Columns of one owner are multiplied by the owner itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import NoFeatures
from hanse.compute.operators.agreement import agreed_rows, known_of, require_known, require_rows
from hanse.compute.operators.features.columns import chosen_columns, read_numbers
from hanse.compute.operators.sharing import enter, open_results, run_program, start_machine
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

LENGTH = 2.0**31
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


class Correlations(msgspec.Struct, frozen=True):
    """Correlations as a receiver has them.

    Attributes:
        rows: of the tables.
        columns: owner and name of each column.
        matrix: (columns, columns).
        constant: owner and name of columns without variance.
    """

    rows: int
    columns: list[tuple[str, str]]
    matrix: Floats
    constant: list[tuple[str, str]]


def open_correlations(task: Task) -> Correlations | None:
    """This party's part; the correlations at a receiver, None elsewhere."""
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    facts = task.agree(link, lambda: _prepare(task, held))
    rows = agreed_rows(task, facts)
    require_known(task, facts, "columns", "exclude")
    widths = {a: int(facts[a]["columns"]) for a in task.parties("owner") if facts[a]["columns"]}
    if not widths:
        raise NoFeatures("there is no number column that varies")
    machine = start_machine(task)
    block = held.get("block")
    arrays = {f"x-{task.me}": block} if block is not None and block.shape[1] else {}
    outputs = [f"p{n}" for n in range(len(widths) * (len(widths) - 1) // 2)]
    opened: dict[str, Any] = {}
    if outputs:
        enter(task, link, arrays, machine)
        if machine is not None:
            program = _program(task, widths, rows, outputs)
            run_program(task, machine, program, "multiply")
        opened = open_results(task, link, outputs, machine)
    task.phase("report")
    told = tell_receivers(task, link, _told(held) if task.is_in("owner") else None)
    task.measures["rows"] = rows
    return _assembled(rows, told, [opened[name] for name in outputs]) if told else None


def unit(values: Floats) -> Whole | None:
    """A column as whole numbers of length 2^31; None when it does not vary.

    Gaps count as the mean.
    """
    known = ~np.isnan(values)
    largest = float(np.abs(values[known]).max()) if known.any() else 0.0
    if largest == 0.0:
        return None
    scaled = np.where(known, values / largest, 0.0)
    centred = np.where(known, scaled - scaled[known].mean(), 0.0)
    length = float(np.linalg.norm(centred))
    if length <= 1e-12 * np.sqrt(len(values)):
        return None
    return np.asarray(np.rint(centred / length * LENGTH), np.int64)


def _prepare(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    if not task.is_in("owner"):
        return {}
    rows = require_rows(task)
    table = task.table("table")
    names: list[str] = []
    constant: list[str] = []
    units: list[Whole] = []
    for column in chosen_columns(task, without=task.texts("exclude")):
        if column.type not in {"int64", "float64"}:
            continue
        made = unit(read_numbers(table, column))
        if made is None:
            constant.append(column.name)
        else:
            names.append(column.name)
            units.append(made)
    held.update(names=names, constant=constant)
    held["block"] = np.stack(units, axis=1) if units else np.zeros((rows, 0), np.int64)
    return {"rows": rows, "columns": len(names), "known": known_of(task, "columns", "exclude")}


def _told(held: dict[str, Any]) -> dict[str, Any]:
    exact = held["block"].astype(np.float64) / LENGTH
    return {
        "names": held["names"],
        "constant": held["constant"],
        "own": (exact.T @ exact).tolist(),
    }


def _assembled(rows: int, told: Mapping[str, Any], products: list[Any]) -> Correlations:
    columns = [(alias, name) for alias, part in told.items() for name in part["names"]]
    constant = [(alias, name) for alias, part in told.items() for name in part["constant"]]
    matrix = np.eye(len(columns))
    having = [alias for alias, part in told.items() if part["names"]]
    places = {a: [i for i, (owner, _) in enumerate(columns) if owner == a] for a in having}
    remaining = iter(products)
    for number, one in enumerate(having):
        matrix[np.ix_(places[one], places[one])] = told[one]["own"]
        for other in having[number + 1 :]:
            part = next(remaining).astype(np.float64) / LENGTH**2
            matrix[np.ix_(places[one], places[other])] = part
            matrix[np.ix_(places[other], places[one])] = part.T
    np.fill_diagonal(matrix, 1.0)
    return Correlations(rows, columns, np.clip(matrix, -1.0, 1.0), constant)


def _program(task: Task, widths: Mapping[str, int], rows: int, outputs: list[str]) -> Program:
    from hanse.compute.engines.programs import Input, Program

    return Program(
        name="cross-products",
        load=_load,
        static={},
        inputs=[Input(f"x-{alias}", "int64", (rows, width)) for alias, width in widths.items()],
        outputs=outputs,
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.features.products import cross_products

    return cross_products
