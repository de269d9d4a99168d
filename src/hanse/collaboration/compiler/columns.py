"""Columns that reach a step: which a table output keeps, and whether those named are there."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.collaboration.compiler.lineage import Artifact
from hanse.collaboration.language.errors import FlowUnknownColumn
from hanse.collaboration.language.tree import StepDeclaration
from hanse.compute.operators.declaration import OperatorSpec, Value

Columns = dict[str, tuple[str, ...]]


def table_columns(
    inputs: Mapping[str, Artifact], holders: Mapping[str, tuple[str, ...]], *, gathers: bool
) -> Columns:
    """Columns of an output at each holder: those of the tables it put in, or of all tables."""
    columns: Columns = {}
    for alias in {alias for aliases in holders.values() for alias in aliases}:
        brought: list[str] = []
        for artifact in inputs.values():
            for owner, names in artifact.columns.items():
                if gathers or owner == alias:
                    brought.extend(names)
        columns[alias] = tuple(dict.fromkeys(brought))
    return columns


def check_columns(
    spec: OperatorSpec,
    step: StepDeclaration,
    parameters: Mapping[str, Value],
    inputs: Mapping[str, Artifact],
) -> None:
    """Refuse parameters that name columns which no granted table at their ports has.

    Raises:
        FlowUnknownColumn: with the line of the parameter.
    """
    for name, declared in spec.parameters.items():
        if not declared.columns_of:
            continue
        value = parameters[name]
        named = value if isinstance(value, list) else [str(value)]
        known = _columns_at(inputs, declared.columns_of)
        for column in named:
            if column in known or column == declared.default == "":
                continue
            given = step.parameters.get(name)
            raise FlowUnknownColumn(
                f"step {step.id!r}: {name} names {column[:60]!r}, but the tables there have "
                f"{', '.join(sorted(known)[:30])}",
                line=given.line if given else step.line,
            )


def _columns_at(inputs: Mapping[str, Artifact], ports: tuple[str, ...]) -> set[str]:
    return {
        column
        for port in ports
        if port in inputs
        for columns in inputs[port].columns.values()
        for column in columns
    }
