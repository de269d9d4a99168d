"""Views as tables. Titles come from field names, units from their endings.

Column widths count display cells, so Chinese text lines up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

COLUMNS: dict[str, tuple[str, ...]] = {
    "UserView": ("name", "roles", "disabled", "created_ms", "last_login_ms"),
    "TokenView": ("id", "name", "roles", "owner", "expires_ms", "last_used_ms"),
    "ErrorEntry": ("code", "kind", "status", "exit_code", "retryable", "help"),
    "ApplicationView": ("id", "name", "roles", "controller", "state", "submitted_ms"),
    "MemberView": ("name", "did", "roles", "controller", "state"),
    "CredentialView": ("id", "side", "subject_name", "roles", "status", "valid_until_ms"),
    "BlockSummary": ("height", "time_ms", "count", "hash"),
    "TransactionView": (
        "height",
        "time_ms",
        "sender_name",
        "contract",
        "action",
        "ok",
        "code",
        "id",
    ),
    "ConsensusValidatorView": (
        "name",
        "did",
        "power",
        "proposer",
        "signed",
        "prevoted",
        "precommitted",
    ),
    "PeerLinkView": ("name", "moniker", "address", "outbound", "node_id"),
    "EventView": ("contract", "name", "data"),
    "TableView": ("id", "name", "state", "rows", "size_bytes", "datasets", "created_ms"),
    "ColumnView": (
        "name",
        "type",
        "missing",
        "distinct",
        "minimum",
        "maximum",
        "mean",
        "stddev",
    ),
    "DatasetView": ("id", "title", "owner_name", "row_count", "level", "price_points", "state"),
    "ResourceView": (
        "id",
        "owner_name",
        "protocols",
        "cores",
        "memory_bytes",
        "price_points",
        "state",
    ),
    "OperatorView": ("name", "version", "summary", "protocols", "levels"),
    "GrantView": (
        "id",
        "dataset_title",
        "owner_name",
        "consumer_name",
        "purpose",
        "uses_left",
        "state",
        "standing",
    ),
    "TemplateView": ("name", "summary"),
    "PlannedStepView": (
        "id",
        "operator",
        "protocol",
        "owners",
        "computes",
        "receivers",
        "charges",
    ),
    "PlannedBudgetView": (
        "dataset",
        "owner_name",
        "charge_epsilon",
        "most_epsilon",
        "left_epsilon",
        "problem",
    ),
    "AlgorithmView": ("id", "title", "author_name", "levels", "state", "approved_by", "here"),
    "ServiceView": ("id", "kind", "name", "side", "state", "uses", "used", "not_after_ms"),
    "BudgetView": ("dataset", "owner_name", "state", "total_epsilon", "spent_epsilon", "releases"),
    "ReleaseView": ("number", "flow", "step", "attempt", "epsilon", "time_ms"),
    "FlowSummary": ("id", "name", "purpose", "state", "steps_done", "steps_total", "created_ms"),
    "TaskView": (
        "flow",
        "step",
        "attempt",
        "operator",
        "state",
        "priority",
        "place",
        "memory_bytes",
        "progress",
    ),
    "StepView": ("id", "operator", "protocol", "state", "attempt", "progress"),
    "AttemptReportView": ("step", "attempt", "party_name", "phase", "code", "message", "blamed"),
    "ResultView": ("step", "output", "kind", "rows", "size_bytes", "readable"),
    "AccountView": ("name", "did", "balance_points", "held_points", "frozen"),
    "AccountEntryView": (
        "time_ms",
        "kind",
        "amount_points",
        "counterparty_name",
        "memo",
        "transaction",
    ),
    "ValidatorView": ("name", "did", "power", "address", "from_height"),
    "RegisteredNodeView": ("name", "did", "power", "address", "node_id"),
    "ValidatorVoteView": ("name", "did", "power", "voter_name", "voter_power", "expires_ms"),
    "FaultReportView": ("time_ms", "offender_name", "kind", "fault_height", "reporter_name"),
    "EvidenceView": ("id", "step", "attempt", "party_name", "name", "kind", "openable"),
    "TraceEntry": ("time_ms", "height", "actor_name", "contract", "event", "transaction"),
    "AuditLogEntry": ("index", "time_ms", "actor", "action", "subject", "outcome"),
}
_DURATIONS = ("window_ms",)
"""Fields in milliseconds that are no points in time."""
_FALLBACKS = {
    "sender_name": "sender",
    "owner_name": "owner",
    "consumer_name": "consumer",
    "subject_name": "subject",
    "party_name": "party",
    "actor_name": "actor",
    "counterparty_name": "counterparty",
    "voter_name": "voter",
    "offender_name": "offender",
    "reporter_name": "reporter",
    "dataset_title": "dataset",
}


def render_table(items: Sequence[BaseModel]) -> Table:
    """A list of views of one type, one row each."""
    kind = type(items[0])
    names = COLUMNS.get(kind.__name__) or tuple(kind.model_fields)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in names:
        right = any(_is_number(getattr(item, name, None)) for item in items) and not _is_time(name)
        table.add_column(title(name), justify="right" if right else "left", overflow="fold")
    for item in items:
        table.add_row(*(Text(cell(name, _value(item, name))) for name in names))
    return table


def render_object(view: BaseModel) -> RenderableType:
    """One view: its fields line by line, lists of views as tables below."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    below: list[RenderableType] = []
    for name in type(view).model_fields:
        value = getattr(view, name)
        if isinstance(value, list) and value and isinstance(value[0], BaseModel):
            below += [Text(f"\n{title(name)}", style="bold"), render_table(value)]
            below += _explained(value)
        elif (
            isinstance(value, dict) and value and isinstance(next(iter(value.values())), BaseModel)
        ):
            below += [Text(f"\n{title(name)}", style="bold"), _named_table(value)]
        elif value not in (None, "", [], {}):
            grid.add_row(title(name), Text(cell(name, value)))
    return Group(grid, *below)


def _explained(items: Sequence[BaseModel]) -> list[RenderableType]:
    """What explains each item, under its identifier; a table has no room for sentences."""
    below: list[RenderableType] = []
    for item in items:
        lines = getattr(item, "explanation", None)
        if isinstance(lines, list) and lines:
            name = printable(str(getattr(item, "id", "")))
            text = "\n".join(f"  {printable(line)}" for line in lines)
            below += [Text(f"\n{name}", style="bold"), Text(text)]
    return below


def title(name: str) -> str:
    """Heading of a field: its name without unit and underscores."""
    for ending in ("_ms", "_points", "_bytes", "_name", "_title"):
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def cell(name: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number(name, value)
    return _nested(name, value)


def _number(name: str, value: float) -> str:
    if name in _DURATIONS:
        return f"{value / 1000:.6g} s"
    if _is_time(name):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if name.endswith("_bytes"):
        return human_size(int(value))
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}"


def human_size(size: int) -> str:
    """Bytes with a binary unit."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def _nested(name: str, value: Any) -> str:
    if isinstance(value, list):
        separator = "\n" if name in {"lines", "explanation"} else ", "
        return separator.join(cell("", item) for item in value)
    if isinstance(value, dict):
        pieces = [_entry(str(key), item) for key, item in value.items()]
        several = len(pieces) > 3 or any("\n" in piece for piece in pieces)
        return "\n".join(pieces) if several else ", ".join(pieces)
    if isinstance(value, BaseModel):
        return _nested(name, {k: v for k, v in value.model_dump().items() if v not in ("", None)})
    return printable(str(value))


def _entry(key: str, value: Any) -> str:
    text = cell(key, value)
    if isinstance(value, dict) and value:
        return f"{key}:\n{indent(text, '  ')}"
    return f"{key}: {text}"


def printable(text: str) -> str:
    """Other members' text without control characters: it must not drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def _named_table(views: dict[str, BaseModel]) -> Table:
    first = next(iter(views.values()))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("name")
    names = tuple(type(first).model_fields)
    for name in names:
        table.add_column(title(name), overflow="fold")
    for key, view in views.items():
        table.add_row(Text(key), *(Text(cell(name, getattr(view, name))) for name in names))
    return table


def _value(item: BaseModel, name: str) -> Any:
    value = getattr(item, name)
    return getattr(item, _FALLBACKS[name]) if not value and name in _FALLBACKS else value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_time(name: str) -> bool:
    return name.endswith("_ms")
