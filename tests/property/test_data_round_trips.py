"""Whatever the table: files, batches and positions do not change what is read."""

from __future__ import annotations

import datetime
import io
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.crypto.suite import get_suite
from hanse.data.batches import ArrowTable, rechunk
from hanse.data.digest import content_digest
from hanse.data.encrypted_file import EncryptedFile
from hanse.data.exporting import export_table
from hanse.data.importing import import_file
from hanse.data.objects import write_bytes_file
from hanse.data.types import ARROW, Column, arrow_schema
from hanse.data.vault import Vault

SUITE = get_suite("intl")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_infinity=False),
    "text": TEXT,
    "bool": st.booleans(),
    "date": st.dates(datetime.date(1, 1, 1)),
    "timestamp": st.datetimes(datetime.datetime(1, 1, 1), timezones=st.just(datetime.UTC)),
}
NAMES = st.from_regex(r"[a-zA-Z一-龥][a-z0-9 ,\"一-龥]{0,6}[a-z]", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(list(ARROW)), min_size=1, max_size=5))
    names = draw(st.lists(NAMES, min_size=len(kinds), max_size=len(kinds), unique=True))
    rows = draw(st.integers(1, 20))
    arrays = [
        pa.array(draw(st.lists(st.none() | CELLS[kind], min_size=rows, max_size=rows)), ARROW[kind])
        for kind in kinds
    ]
    columns = [Column(name, kind) for name, kind in zip(names, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(columns))


@settings(max_examples=40, deadline=None)
@given(tables())
def test_export_and_import_keep_the_digest(table: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = Vault(folder / "vault", SUITE, bytes(32))
        export_table(ArrowTable(table), folder / "first.parquet", "parquet")
        first = import_file(folder / "first.parquet", vault)
        expected = content_digest(SUITE, first)
        types = {column.name: column.type for column in first.columns}
        for format_ in ("csv", "parquet"):
            export_table(first, folder / format_, format_)
            again = import_file(folder / format_, vault, types=types)
            assert content_digest(SUITE, again) == expected, format_


@settings(max_examples=40, deadline=None)
@given(tables(), st.lists(st.integers(0, 20), max_size=4), st.integers(1, 7))
def test_cutting_into_batches_loses_nothing(table: pa.Table, cuts: list[int], size: int) -> None:
    edges = [0, *sorted(min(cut, table.num_rows) for cut in cuts), table.num_rows]
    parts = [
        batch
        for start, end in itertools.pairwise(edges)
        for batch in table.slice(start, end - start).to_batches()
    ]
    out = list(rechunk(parts, size))
    assert [batch.num_rows for batch in out[:-1]] == [size] * (len(out) - 1)
    joined = pa.Table.from_batches(out, table.schema)
    assert content_digest(SUITE, ArrowTable(joined)) == content_digest(SUITE, ArrowTable(table))
    assert joined.num_rows == table.num_rows


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 300_000),
    st.lists(st.tuples(st.integers(-10, 310_000), st.integers(0, 140_000)), max_size=6),
)
def test_random_access_reads_what_a_plain_file_reads(
    length: int, reads: list[tuple[int, int]]
) -> None:
    content = bytes(i * 31 % 251 for i in range(251)) * (length // 251 + 1)
    plain = io.BytesIO(content[:length])
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "f"
        write_bytes_file(path, bytes(32), SUITE, content[:length])
        with EncryptedFile(path, bytes(32), SUITE) as file:
            for position, size in reads:
                where = max(position, 0)
                assert file.seek(where) == plain.seek(where)
                assert file.read(size) == plain.read(size)
                assert file.tell() == max(plain.tell(), where)
