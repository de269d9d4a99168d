"""Streaming a CSV file as batches of text cells."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as pacsv

from hanse.data.conversion import MISSING
from hanse.data.errors import BadEncoding, RaggedRows, UnreadableFile
from hanse.data.text_file import Dialect, Opener, check_quotes, ragged_lines

BLOCK_BYTES = 4 * 1024 * 1024
"""A row may not be longer than a block; memory is a few blocks."""


class NotThisEncoding(Exception):
    """The bytes are not text of the encoding tried."""


def read_cells(opener: Opener, dialect: Dialect) -> Iterator[pa.RecordBatch]:
    """Yield the rows after the header; columns are called ``0``, ``1``, … in their order.

    Cells that spell a missing value are null, quoted or not. Blank lines are skipped.

    Raises:
        NotThisEncoding: when another encoding may be tried.
        BadEncoding, RaggedRows, UnreadableFile: as named.
    """
    last: pa.RecordBatch | None = None
    with opener() as file:
        try:
            for batch in _open(file, dialect):
                last = batch if batch.num_rows else last
                yield batch
        except UnicodeDecodeError:
            raise BadEncoding(f"the text is no {dialect.encoding}") from None
        except pa.ArrowInvalid as error:
            raise _named(str(error), opener, dialect) from None
    if last is not None and _holds_line_break(last):
        check_quotes(opener, dialect)


def _holds_line_break(batch: pa.RecordBatch) -> bool:
    """Whether the last cell of all could be one whose quote was never closed."""
    cell = batch.columns[-1][-1].as_py() or ""
    return "\n" in cell or "\r" in cell


def _open(file: object, dialect: Dialect) -> pacsv.CSVStreamingReader:
    names = [str(index) for index in range(len(dialect.names))]
    is_utf8 = dialect.encoding.replace("-sig", "") == "utf-8"
    return pacsv.open_csv(
        file,
        read_options=pacsv.ReadOptions(
            column_names=names,
            skip_rows_after_names=1,
            block_size=BLOCK_BYTES,
            encoding="utf8" if is_utf8 else dialect.encoding,
        ),
        parse_options=pacsv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            null_values=list(MISSING),
        ),
    )


def _named(message: str, opener: Opener, dialect: Dialect) -> Exception:
    """The error to show; Arrow's own message may quote cells."""
    if "UTF8" in message:
        if dialect.is_certain:
            return BadEncoding(f"the text is no {dialect.encoding}")
        return NotThisEncoding()
    if "Expected" in message and "columns" in message:
        lines = ragged_lines(opener, dialect)
        where = f" (lines {', '.join(map(str, lines))})" if lines else ""
        return RaggedRows(f"lines have not the header's {len(dialect.names)} cells{where}")
    if "straddling" in message:
        return UnreadableFile(
            f"a row is longer than {BLOCK_BYTES // 2**20} MiB; a quote may never be closed"
        )
    return UnreadableFile("the file is no CSV")
