"""Writing tables out of the vault as plain CSV or Parquet: atomic, readable by the owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from hanse.data.encrypted_file import storage_errors
from hanse.data.errors import ExportRefused, NoSuchFormat
from hanse.data.records import sync_folder
from hanse.data.tables import TableWriter
from hanse.data.types import ColumnType, TableSource

_NEEDS_QUOTES = r'[",\r\n]|^\s|\s$'


def export_table(
    table: TableSource,
    path: Path | str,
    format: str = "csv",  # noqa: A002  the field's own word
    *,
    replace: bool = False,
) -> int:
    """Write a table as a plain file with permission 0600; returns the number of rows.

    The file appears under its name complete and synced, or not at all. CSV is UTF-8 after
    RFC 4180 (line feeds; missing cells empty), made so that importing it again gives the same
    types and digest, except that text looking like numbers, dates or truth values must be
    declared as text then.

    Args:
        table: what to write.
        path: the target.
        format: ``csv`` or ``parquet``.
        replace: whether a file already there may be replaced.

    Raises:
        NoSuchFormat: for another format.
        ExportRefused: when the target exists and may not be replaced.
        StorageFull: when the disk takes no more.
    """
    writers = {"csv": _write_csv, "parquet": _write_parquet}
    if format not in writers:
        raise NoSuchFormat(f"no format is called {format[:20]!r}")
    target = Path(path)
    if target.exists() and not replace:
        raise ExportRefused(f"{target.name} is already there")
    with storage_errors(), _replacing(target, replace) as file:
        writers[format](table, file)
    return table.rows


def write_table(table: TableSource, file: IO[bytes], format: str) -> None:  # noqa: A002
    """Write a table to a file object that needs no more than ``write`` (a network stream).

    Raises:
        NoSuchFormat: for another format than ``csv`` and ``parquet``.
    """
    writers = {"csv": _write_csv, "parquet": _write_parquet}
    if format not in writers:
        raise NoSuchFormat(f"no format is called {format[:20]!r}")
    writers[format](table, file)


@contextmanager
def _replacing(target: Path, replace: bool) -> Iterator[IO[bytes]]:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.rename(target)
        else:
            _link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _link(temporary: Path, target: Path) -> None:
    """Give the file its name unless somebody else took it meanwhile."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError as error:
        raise ExportRefused(f"{target.name} is already there") from error


def _write_parquet(table: TableSource, file: IO[bytes]) -> None:
    with TableWriter(file, table.columns) as writer:
        for batch in table.batches():
            writer.write(batch)


def _write_csv(table: TableSource, file: IO[bytes]) -> None:
    names = pa.array([column.name for column in table.columns], pa.string())
    file.write(",".join(_quoted(names).to_pylist()).encode() + b"\n")
    for batch in table.batches():
        cells = [
            spelled(array, column.type)
            for array, column in zip(batch.columns, table.columns, strict=True)
        ]
        if len(cells) == 1:  # a line without anything would be no row
            cells = [pc.fill_null(cells[0], '""')]
        lines = pc.binary_join_element_wise(
            *cells, ",", null_handling="replace", null_replacement=""
        )
        file.write(_lines(lines))


def spelled(array: pa.Array, kind: ColumnType) -> pa.Array:
    """Cells of a column as CSV text; missing ones stay missing."""
    if kind == "text":
        return _quoted(array)
    text = array.cast(pa.string())
    if kind == "float64":
        is_whole = pc.match_substring_regex(text, r"^-?[0-9]+$")
        return pc.if_else(is_whole, pc.binary_join_element_wise(text, ".0", ""), text)
    return text


def _quoted(text: pa.Array) -> pa.Array:
    doubled = pc.replace_substring(text, '"', '""')
    wrapped = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(pc.match_substring_regex(text, _NEEDS_QUOTES), wrapped, text)


def _lines(lines: pa.Array) -> Any:
    wide = pa.large_string()  # a batch of long lines may exceed 2 GiB
    ended = pc.binary_join_element_wise(
        lines.cast(wide), pa.scalar("\n", wide), pa.scalar("", wide)
    )
    _, offsets, data = ended.buffers()
    end = int.from_bytes(memoryview(offsets)[8 * len(ended) : 8 * len(ended) + 8], "little")
    return memoryview(data)[:end]
