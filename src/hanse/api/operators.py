"""Operators as declared: what they need, allow and reveal."""

from __future__ import annotations

from pydantic import Field

from hanse.api.base import View
from hanse.api.operation import Operation


class PortView(View):
    """An input or output. ``held_by`` names the roles that hold it."""

    kind: str
    held_by: str = ""
    optional: bool = False


class ParameterView(View):
    """A parameter with its range. Non-integers are decimal strings."""

    type: str
    minimum: str | None = None
    maximum: str | None = None
    choices: list[str] = Field(default_factory=list)
    default: str | int | bool | list[str] | None = None
    help: str = ""


class MemoryView(View):
    """What a worker takes at most: a base, and bytes for each row and each value."""

    base_mib: int
    bytes_per_row: int
    bytes_per_cell: int


class OperatorView(View):
    """One version of an operator.

    Attributes:
        levels: highest data level each protocol is allowed for is the ledger's; these are the
            levels the operator itself accepts.
        leaks: what each role learns, in English; ``leaks_zh`` in Chinese.
    """

    name: str
    version: int
    summary: str
    roles: list[str] = Field(default_factory=list)
    inputs: dict[str, PortView] = Field(default_factory=dict)
    outputs: dict[str, PortView] = Field(default_factory=dict)
    parameters: dict[str, ParameterView] = Field(default_factory=dict)
    protocols: list[str] = Field(default_factory=list)
    levels: list[int] = Field(default_factory=list)
    adversary_model: str = ""
    collusion: str = ""
    leaks: dict[str, str] = Field(default_factory=dict)
    leaks_zh: dict[str, str] = Field(default_factory=dict)
    memory: MemoryView | None = None


class OperatorListView(View):
    """Every operator this node can run."""

    items: list[OperatorView]


OPERATIONS = (
    Operation("operators.list", "GET", "/v1/operators", "List operators", OperatorListView),
    Operation("operators.get", "GET", "/v1/operators/{name}", "Show an operator", OperatorView),
)
