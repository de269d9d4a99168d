"""How an operator is declared: once, as data, for validation, API, console, grants and docs.

A declaration imports nothing heavy. The operator's code sits beside it and loads its engine
only when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

Role = Literal["owner", "compute", "receiver"]
Kind = Literal["table", "model", "report", "scores", "ids"]
TABLE_KINDS: tuple[Kind, ...] = ("table", "scores")  # stored as tables, all others as bytes
ParameterType = Literal["text", "texts", "integer", "decimal", "boolean"]
Value = str | int | bool | list[str]

ROLE_NAMES: dict[str, dict[str, str]] = {
    "en": {"owner": "data owner", "compute": "computing node", "receiver": "receiver"},
    "zh": {"owner": "数据提供方", "compute": "算力节点", "receiver": "结果接收方"},
}


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """An input or output. Each role in ``held_by`` has its own part of it.

    ``open_to_auditors`` says that auditors may open its content, sealed in the evidence; of
    other outputs they see the digest. An input that is ``optional`` may be left out of a flow.
    An output that ``gathers`` has columns of all tables that went in, not of its holder's alone.
    """

    kind: Kind
    held_by: tuple[Role, ...]
    help: str
    help_zh: str
    open_to_auditors: bool = False
    optional: bool = False
    gathers: bool = False


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter; bounds of decimals are decimal strings, ``default`` None means required.

    ``columns_of`` names the input ports whose tables have the column or columns named by it.
    ``max_length`` is of a text, in characters. A text whose default is "" may be left empty.
    """

    type: ParameterType
    help: str
    help_zh: str
    default: Value | None = None
    minimum: str | None = None
    maximum: str | None = None
    choices: tuple[str, ...] = ()
    columns_of: tuple[str, ...] = ()
    max_length: int = 256

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is None


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker of the operator takes at most, as a line in rows and cells.

    Measured with `bench/memory.py`; a node reserves it before it starts the worker.

    Attributes:
        base_mib: libraries, compiled programs and links.
        bytes_per_row: for each row of the longest input table.
        bytes_per_cell: for each value of all columns that enter.
    """

    base_mib: int = 560
    bytes_per_row: int = 200
    bytes_per_cell: int = 160

    def estimate_bytes(self, rows: int, cells: int) -> int:
        """Bytes for so many rows and cells."""
        return (self.base_mib << 20) + rows * self.bytes_per_row + cells * self.bytes_per_cell


class OperatorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to know about an operator before it runs.

    Attributes:
        roles: what each role does; a role that is absent takes no part.
        owners: least and greatest number of owners.
        protocols: protocols it may run under, the default one first.
        levels: data levels (JR/T 0197-2020) it may be applied to.
        ranges: value ranges and how values are kept inside them.
        collusion: by protocol, which coalitions it withstands.
        leaks: by role, all that the role learns beyond its own data.
        memory: what a worker of it takes.
    """

    name: str
    version: int
    title: str
    title_zh: str
    summary: str
    summary_zh: str
    roles: dict[Role, str]
    roles_zh: dict[Role, str]
    owners: tuple[int, int]
    inputs: dict[str, Port]
    outputs: dict[str, Port]
    parameters: dict[str, Parameter]
    protocols: tuple[str, ...]
    levels: tuple[int, ...]
    ranges: str
    ranges_zh: str
    adversary_model: str
    collusion: dict[str, str]
    collusion_zh: dict[str, str]
    leaks: dict[Role, str]
    leaks_zh: dict[Role, str]
    memory: Memory = Memory()

    @property
    def has_computes(self) -> bool:
        """Whether it runs between computing nodes."""
        return "compute" in self.roles


def explain(spec: OperatorSpec, roles: Mapping[str, Sequence[str]], lang: str = "en") -> list[str]:
    """Say in plain words who learns what, naming the parties.

    Args:
        spec: the operator.
        roles: names of the parties by role.
        lang: ``en`` or ``zh``.

    Returns:
        One sentence per role that takes part, then the adversary model.
    """
    chinese = lang == "zh"
    leaks = spec.leaks_zh if chinese else spec.leaks
    titles = ROLE_NAMES["zh" if chinese else "en"]
    lines = []
    for role, text in leaks.items():
        names = ("、" if chinese else ", ").join(roles.get(role, ()))
        who = titles[role]
        if names:
            who = f"{names}（{who}）" if chinese else f"{names} ({who})"
        lines.append(f"{who}：{text}" if chinese else f"{who}: {text}")
    lines.extend((spec.collusion_zh if chinese else spec.collusion).values())
    return lines
