"""The package of a step at one party: checked, with its settings, columns and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.algorithms.errors import BadManifest, BadValue, PackageMissing
from hanse.compute.algorithms.manifest import InputColumn, Value, settings_of
from hanse.compute.algorithms.package import Package, verify_package
from hanse.compute.errors import BadInput
from hanse.compute.operators.agreement import agreed_rows, only_holder, require_rows
from hanse.compute.operators.reading import read_column
from hanse.crypto.suite import get_suite

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column


class Opened(msgspec.Struct, frozen=True):
    """A package that is the one agreed on.

    Attributes:
        settings: its parameters.
        sources: owner ("" for whoever has it) and column of every input.
        arrays: those of this party's columns that are inputs.
    """

    package: Package
    settings: dict[str, Value]
    sources: dict[str, tuple[str, str]]
    arrays: dict[str, Any]


def open_package(task: Task) -> Opened:
    """Check the package, its parameters and this party's columns.

    Raises:
        HanseError: named; nothing has left this party.
    """
    if not task.request.package:
        raise PackageMissing("the worker was handed no package")
    suite = get_suite(task.request.suite)
    package = verify_package(task.request.package.encode(), task.text("fingerprint"), suite)
    manifest = package.manifest
    if manifest.reference != task.text("algorithm"):
        raise BadManifest("the package is of another name or version than the step names")
    settings = settings_of(manifest, task.texts("settings"))
    sources = _sources(task, list(manifest.inputs))
    arrays = {}
    if task.is_in("owner"):
        require_rows(task)
        columns = {column.name: column for column in task.readable("table")}
        for name, (owner, column) in sources.items():
            if column in columns and owner in ("", task.me):
                arrays[name] = _array(task, columns[column], manifest.inputs[name])
    return Opened(package, settings, sources, arrays)


def facts_of(task: Task, opened: Opened) -> dict[str, Any]:
    """What the others are told of it: rows and names."""
    rows = task.table("table").rows if task.is_in("owner") else 0
    return {"rows": rows, **{f"has-{name}": name in opened.arrays for name in opened.sources}}


def settle(task: Task, opened: Opened, facts: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """Rows, and which owner brings each input.

    Raises:
        RowsDiffer, NoSuchColumn, AmbiguousColumn: when the owners' tables do not fit.
    """
    holders = {
        name: only_holder(task, facts, f"has-{name}", column)
        for name, (_, column) in sorted(opened.sources.items())
    }
    return agreed_rows(task, facts), holders


def _sources(task: Task, inputs: list[str]) -> dict[str, tuple[str, str]]:
    sources = {name: ("", name) for name in inputs}
    for text in task.texts("columns"):
        name, sign, place = text.partition("=")
        owner, dot, column = place.strip().partition(".")
        if not sign or name.strip() not in sources:
            raise BadInput(f"columns: {text[:60]!r} maps no input of the algorithm")
        known = dot and owner in task.parties("owner")
        sources[name.strip()] = (owner, column) if known else ("", place.strip())
    return sources


def _array(task: Task, column: Column, declared: InputColumn) -> Any:
    if column.type not in ("int64", "float64", "bool"):
        raise BadValue(f"the column {column.name!r} holds no numbers")
    read = read_column(task.table("table"), column.name)
    if read.null_count:
        raise BadValue(f"the column {column.name!r} has missing values")
    values = np.asarray(read).astype(np.float64)
    inside = (values >= declared.minimum) & (values <= declared.maximum)
    if not inside.all():  # not a number is outside, too
        raise BadValue(f"the column {column.name!r} has values outside the declared range")
    if declared.type == "integer" and (values != np.rint(values)).any():
        raise BadValue(f"the column {column.name!r} has values that are no integers")
    return values.astype(declared.dtype)
