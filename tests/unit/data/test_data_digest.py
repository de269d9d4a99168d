"""The digest against a second, slow implementation of its definition, and what it notices."""

from __future__ import annotations

import datetime
import hashlib
import struct
from typing import Any

import pyarrow as pa
import pytest

from hanse.crypto.suite import Suite, get_suite
from hanse.data.batches import ArrowTable
from hanse.data.digest import column_digests, combine, content_digest
from hanse.data.errors import NoSuchColumn
from hanse.data.types import ARROW, Column, arrow_schema

COLUMNS = tuple(Column(name, name) for name in ARROW)  # type: ignore[arg-type]
UTC = datetime.UTC


def at(year: int, microsecond: int = 0) -> datetime.datetime:
    return datetime.datetime(year, 1, 5, microsecond=microsecond, tzinfo=UTC)


def on(year: int) -> datetime.date:
    return datetime.date(year, 1, 5)


ROWS: list[tuple[Any, ...]] = [
    (1, 0.5, "red", True, on(2024), at(2024)),
    (None, None, None, None, None, None),
    (-(2**63), -0.0, "", False, on(1960), at(1960)),
    (2**63 - 1, float("nan"), "张三", True, on(1970), at(9999, 7)),
]


def make(rows: list[tuple[Any, ...]]) -> pa.Table:
    arrays = [
        pa.array([row[i] for row in rows], ARROW[column.type]) for i, column in enumerate(COLUMNS)
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(COLUMNS))


def tagged(domain: str, *parts: bytes) -> bytes:
    out = b""
    for part in (domain.encode(), *parts):
        out += struct.pack(">I", len(part)) + part
    return out


def slow_column(name: str, kind: str, cells: list[Any], chunk: int) -> bytes:
    running = hashlib.sha256(tagged("hanse/digest-column/1", name.encode(), kind.encode()))
    for start in range(0, len(cells), chunk):
        part = [
            None if isinstance(c, float) and c != c else c for c in cells[start : start + chunk]
        ]
        running.update(struct.pack(">I", len(part)) + bits([c is not None for c in part]))
        if kind == "text":
            encoded = [(c or "").encode() for c in part]
            running.update(b"".join(struct.pack("<I", len(e)) for e in encoded))
            running.update(b"".join(encoded))
        elif kind == "bool":
            running.update(bits([bool(c) for c in part]))
        else:
            running.update(b"".join(fixed(kind, c) for c in part))
    return running.digest()


def bits(flags: list[bool]) -> bytes:
    number = sum(1 << i for i, flag in enumerate(flags) if flag)
    return number.to_bytes((len(flags) + 7) // 8, "little")


def fixed(kind: str, cell: Any) -> bytes:
    if kind == "float64":
        return struct.pack("<d", cell or 0.0)
    if kind == "date":
        return struct.pack("<i", (cell - datetime.date(1970, 1, 1)).days if cell else 0)
    if kind == "timestamp":
        delta = cell - datetime.datetime(1970, 1, 1, tzinfo=UTC) if cell else datetime.timedelta(0)
        return struct.pack("<q", delta // datetime.timedelta(microseconds=1))
    return struct.pack("<q", cell or 0)


def slow_digest(rows: list[tuple[Any, ...]], chunk: int = 65_536) -> bytes:
    columns = [
        slow_column(column.name, column.type, [row[i] for row in rows], chunk)
        for i, column in enumerate(COLUMNS)
    ]
    head = struct.pack(">Q", len(rows))
    return hashlib.sha256(tagged("hanse/digest-table/1", head, *columns)).digest()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 65_535, 65_536, 65_537])
def test_definition(count: int) -> None:
    rows = [ROWS[i % 4] for i in range(count)]
    assert content_digest(get_suite("intl"), ArrowTable(make(rows))) == slow_digest(rows)


def test_known_values() -> None:
    """Fixed for ever: changing any of these needs a new version of the definition."""
    table = ArrowTable(make(ROWS))
    assert content_digest(get_suite("intl"), table).hex() == INTL
    assert content_digest(get_suite("sm"), table).hex() == SM


INTL = "ab28538927f5e3686145cc66a63a2c7c8454c2bcc1ae47b7795df4ae8e63dcfa"
SM = "7320cba85b2f255632c85c50e00169267c45ecb66d68f62b2a6fe466ee5fecee"


def test_batches_do_not_matter(suite: Suite) -> None:
    whole = make(ROWS * 20_000)
    odd = pa.Table.from_batches(whole.to_batches(max_chunksize=999))
    shifted = pa.concat_tables([whole.slice(0, 3), whole.slice(3)])
    expected = content_digest(suite, ArrowTable(whole))
    assert content_digest(suite, ArrowTable(odd)) == expected
    assert content_digest(suite, ArrowTable(shifted)) == expected


def test_every_difference_shows(suite: Suite) -> None:
    table = make(ROWS)
    variants = [
        table,
        table.slice(0, 3),
        table.take([1, 0, 2, 3]),
        table.select([1, 0, 2, 3, 4, 5]),
        table.rename_columns(["int65", *table.column_names[1:]]),
        make([(2, *ROWS[0][1:]), *ROWS[1:]]),
        make([ROWS[0], (0, *ROWS[1][1:]), *ROWS[2:]]),
        make([*ROWS[:2], (*ROWS[2][:2], None, *ROWS[2][3:]), ROWS[3]]),
        table.set_column(3, "bool", table["bool"].cast(pa.int64())),
        make([(*row[:2], "ab" if i == 0 else "c", *row[3:]) for i, row in enumerate(ROWS)]),
        make([(*row[:2], "a" if i == 0 else "bc", *row[3:]) for i, row in enumerate(ROWS)]),
    ]
    digests = {content_digest(suite, ArrowTable(variant)) for variant in variants}
    assert len(digests) == len(variants)


def test_some_columns_can_be_checked_alone(suite: Suite) -> None:
    table = ArrowTable(make(ROWS))
    each = column_digests(suite, table)
    assert column_digests(suite, table, ["text", "int64"]) == {
        name: each[name] for name in ("text", "int64")
    }
    combined = combine(suite, table.rows, [each[column.name] for column in COLUMNS])
    assert combined == content_digest(suite, table)
    with pytest.raises(NoSuchColumn):
        column_digests(suite, table, ["absent"])
