"""What this node holds of flows: progress, attempts, results opened to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import ResultNotFound, ResultNotReadable
from hanse.collaboration.engine.records import AttemptKey, AttemptRow, ObjectRow, ProgressRow
from hanse.collaboration.engine.report_format import decode_report
from hanse.compute.operators import TABLE_KINDS

MAX_PAGE_ROWS = 10_000


@dataclass(frozen=True)
class ResultInfo:
    """One output kept at this node.

    Attributes:
        opened: whether this node may read it; otherwise it is its part for later steps.
    """

    flow: str
    step: str
    output: str
    attempt: int
    kind: str
    rows: int
    opened: bool
    object_id: str
    created_ms: int


@dataclass(frozen=True)
class TablePage:
    """Rows of an opened table or of scores, as JSON values.

    Attributes:
        rows: total number of rows.
        offset: number of the first row in ``data``.
    """

    columns: list[str]
    rows: int
    offset: int
    data: list[list[Any]]


class Results:
    """Read-only answers for the node's API."""

    def __init__(self, ctx: EngineContext) -> None:
        self._ctx = ctx

    def flows(self) -> list[str]:
        """Flows of this member, oldest first."""
        return self._ctx.journal.flows()

    def attempts(self, flow: str) -> list[AttemptRow]:
        """This node's attempts of a flow with how far they came."""
        return self._ctx.journal.attempts(flow)

    def progress(self, flow: str, step: str, attempt: int) -> ProgressRow | None:
        """How far this node's worker said it is."""
        return self._ctx.journal.progress(AttemptKey(flow, step, attempt))

    def list(self, flow: str) -> list[ResultInfo]:
        """Everything kept of a flow."""
        return [_info(row) for row in self._ctx.journal.objects(flow)]

    def find(self, flow: str, step: str, output: str) -> ResultInfo:
        """The newest output of that name.

        Raises:
            ResultNotFound: nothing of that name is here.
        """
        return _info(self._row(flow, step, output))

    def report(self, flow: str, step: str, output: str) -> dict[str, Any]:
        """An opened report as JSON values.

        Raises:
            ResultNotFound, ResultNotReadable: as named.
        """
        row = self._readable(flow, step, output)
        if row.kind in TABLE_KINDS:
            raise ResultNotReadable("this result is a table; read it in pages")
        return decode_report(self._ctx.store.get_bytes(row.object_id))

    def page(
        self, flow: str, step: str, output: str, *, offset: int = 0, limit: int = 1_000
    ) -> TablePage:
        """Some rows of an opened table or of scores.

        Raises:
            ResultNotFound, ResultNotReadable: as named.
        """
        row = self._readable(flow, step, output)
        if row.kind not in TABLE_KINDS:
            raise ResultNotReadable("this result is no table")
        table = self._ctx.store.open_table(row.object_id)
        first, last = max(0, offset), max(0, offset) + min(max(1, limit), MAX_PAGE_ROWS)
        columns, data = _slice(table.batches(), first, last)
        return TablePage(columns, table.rows, first, data)

    def _readable(self, flow: str, step: str, output: str) -> ObjectRow:
        row = self._row(flow, step, output)
        if not row.opened:
            raise ResultNotReadable()
        return row

    def _row(self, flow: str, step: str, output: str) -> ObjectRow:
        rows = [row for row in self._ctx.journal.objects(flow, step) if row.port == output]
        if not rows:
            raise ResultNotFound(f"no result {step[:40]}.{output[:40]} of this flow is here")
        return max(rows, key=lambda row: row.attempt)


def _slice(batches: Iterator[Any], first: int, last: int) -> tuple[list[str], list[list[Any]]]:
    columns: list[str] = []
    data: list[list[Any]] = []
    seen = 0
    for batch in batches:
        columns = list(batch.schema.names)
        low, high = max(first - seen, 0), min(last - seen, batch.num_rows)
        if low < high:
            values = [column.to_pylist() for column in batch.slice(low, high - low).columns]
            data.extend([_json(value) for value in row] for row in zip(*values, strict=True))
        seen += batch.num_rows
        if seen >= last:
            break
    return columns, data


def _json(value: object) -> object:
    """JSON has no dates: ISO 8601."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def _info(row: ObjectRow) -> ResultInfo:
    return ResultInfo(
        flow=row.flow,
        step=row.step,
        output=row.port,
        attempt=row.attempt,
        kind=row.kind,
        rows=row.rows,
        opened=row.opened,
        object_id=row.object_id,
        created_ms=row.created_ms,
    )
