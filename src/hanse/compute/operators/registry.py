"""The operators this release offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from hanse.compute.errors import BadRoles, RefusedProtocol, UnknownOperator
from hanse.compute.operators import (
    align,
    evaluate,
    intersect,
    logistic_regression,
    predict,
    split,
    summary,
)
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.features import MODULES as FEATURES
from hanse.compute.operators.models import MODULES as MODELS
from hanse.compute.operators.own import MODULES as OWN
from hanse.compute.operators.parameters import validate_parameters
from hanse.compute.operators.reports import MODULES as REPORTS
from hanse.compute.operators.retrieval import MODULES as RETRIEVAL
from hanse.compute.operators.sets import MODULES as SETS
from hanse.compute.operators.trees import MODULES as TREES

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

COMPUTE_NODES = {"aby3": 3, "cheetah": 2, "software": 1, "tdx": 1}

_MODULES: tuple[ModuleType, ...] = (
    align,
    intersect,
    *SETS,
    *RETRIEVAL,
    split,
    summary,
    *REPORTS,
    *FEATURES,
    logistic_regression,
    *MODELS,
    *TREES,
    evaluate,
    predict,
    *OWN,
)
_OPERATORS: dict[str, OperatorSpec] = {module.SPEC.name: module.SPEC for module in _MODULES}


def operators() -> dict[str, OperatorSpec]:
    """All operators by name, in the order a flow usually uses them."""
    return dict(_OPERATORS)


def get_operator(name: str, version: int | None = None) -> OperatorSpec:
    """The operator by that name.

    Raises:
        UnknownOperator: when there is none, or not in that version.
    """
    spec = _OPERATORS.get(name)
    if spec is None:
        raise UnknownOperator(f"no operator {name[:60]!r}; there are: {', '.join(_OPERATORS)}")
    if version is not None and version != spec.version:
        raise UnknownOperator(f"{name} is offered in version {spec.version}, not {version}")
    return spec


def implementation(name: str) -> Callable[[Task], None]:
    """The function that runs one party's part of the operator.

    Raises:
        UnknownOperator: when there is none by that name.
    """
    run: Callable[[Task], None] = _module(name).run
    return run


def _module(name: str) -> ModuleType:
    get_operator(name)
    return next(module for module in _MODULES if module.SPEC.name == name)


def explain_run(
    name: str,
    parameters: Mapping[str, object],
    columns: Mapping[str, Mapping[str, str]],
    *,
    computes: Sequence[str],
    receivers: Sequence[str],
) -> list[str]:
    """What this one run does and shows, where the operator can tell beforehand: a query's plan.

    Args:
        name: the operator.
        parameters: as given; defaults are filled in.
        columns: type by column, by party.
        computes: computing nodes.
        receivers: who opens the result.

    Raises:
        HanseError: as the run itself would refuse these parameters and columns.
    """
    module = _module(name)
    explain = getattr(module, "explain_run", None)
    if explain is None:
        return []
    given = validate_parameters(module.SPEC, parameters)
    lines: list[str] = explain(given, columns, computes=computes, receivers=receivers)
    return lines


def protocol_for(spec: OperatorSpec, compute_nodes: int) -> str:
    """The protocol the operator runs under with so many computing nodes.

    Raises:
        RefusedProtocol: when there is none for that number.
    """
    if not spec.has_computes:
        return spec.protocols[0]
    for protocol in spec.protocols:
        if COMPUTE_NODES[protocol] == compute_nodes:
            return protocol
    numbers = " or ".join(f"{COMPUTE_NODES[each]} ({each})" for each in spec.protocols)
    raise RefusedProtocol(f"{spec.name} needs {numbers} computing nodes, not {compute_nodes}")


def check_session(
    spec: OperatorSpec, protocol: str, *, owners: int, computes: int, receivers: int
) -> None:
    """Refuse a session whose protocol or numbers of parties do not fit the operator.

    Raises:
        RefusedProtocol: unknown protocol, or wrong number of computing nodes for it.
        BadRoles: too few or too many owners, or nobody to receive the result.
    """
    if protocol not in spec.protocols:
        raise RefusedProtocol(
            f"{spec.name} runs under {' or '.join(spec.protocols)}, not {protocol[:30]!r}"
        )
    low, high = spec.owners
    if not low <= owners <= high:
        raise BadRoles(f"{spec.name} needs {low} to {high} owners, not {owners}")
    if spec.has_computes and computes != COMPUTE_NODES[protocol]:
        raise RefusedProtocol(
            f"{protocol} needs {COMPUTE_NODES[protocol]} computing nodes, not {computes}"
        )
    if "receiver" in spec.roles and receivers < 1:
        raise BadRoles(f"{spec.name} needs a receiver of its result")
