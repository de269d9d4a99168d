"""What must be known of a CSV file before Arrow reads it: encoding, separator, header, lines.

The header is read here because Arrow would let duplicate names pass, and the search for line
numbers because Arrow counts rows, which differ from lines as soon as a cell holds a line break.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import msgspec

from hanse.data.errors import (
    BadColumnName,
    BadEncoding,
    BlankColumns,
    DuplicateColumns,
    EmptyFile,
    HeaderOnly,
    UnreadableFile,
)

Opener = Callable[[], BinaryIO]
SEPARATORS = ",\t;|"
SNIFFED_BYTES = 64 * 1024
MAX_NAME = 200
MAX_COLUMNS = 10_000
_FIELD_LIMIT = 2**31 - 1


class Dialect(msgspec.Struct, frozen=True):
    """How a CSV file is spelt.

    Attributes:
        encoding: Python's name of the encoding.
        separator: one character.
        names: column names, trimmed.
        is_certain: whether the encoding is declared, marked or proved by the first bytes.
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    is_certain: bool


def examine(opener: Opener, encoding: str = "") -> Dialect:
    """Read the first bytes and the header.

    Args:
        opener: opens the file for reading from its start.
        encoding: the encoding, when the caller knows it.

    Raises:
        EmptyFile, HeaderOnly, DuplicateColumns, BlankColumns, BadColumnName, BadEncoding,
        UnreadableFile: as named.
    """
    with opener() as file:
        head = file.read(SNIFFED_BYTES)
    if not head.strip(b" \t\r\n\xef\xbb\xbf\0"):
        raise EmptyFile
    found, is_certain = (encoding, True) if encoding else _encoding_of(head)
    with _records(opener, found, _separator(head, found)) as records:
        names = _names(next(records, []))
        if next(records, None) is None:
            raise HeaderOnly
    return Dialect(found, _separator(head, found), names, is_certain)


def _encoding_of(head: bytes) -> tuple[str, bool]:
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", True
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", True
    if b"\0" in head:
        raise UnreadableFile("the file is binary, neither CSV nor Parquet")
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut by the end of the first bytes is no fault.
        if error.start < len(head) - 3 or len(head) < SNIFFED_BYTES:
            return _check_gb18030(head), True
        text = head[: error.start].decode("utf-8")
    return "utf-8", not text.isascii()


def _check_gb18030(head: bytes) -> str:
    try:
        codecs.getincrementaldecoder("gb18030")().decode(head)
    except UnicodeDecodeError:
        raise BadEncoding("the text is neither UTF-8 nor GB18030") from None
    return "gb18030"


def _separator(head: bytes, encoding: str) -> str:
    text = head.decode(encoding, errors="ignore").lstrip("\r\n\ufeff")
    line, is_quoted = [], False
    for char in text:
        if char == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            if char in "\r\n":
                break
            line.append(char)
    return max(SEPARATORS, key=lambda char: (line.count(char), -SEPARATORS.index(char)))


def _names(record: list[str]) -> tuple[str, ...]:
    names = [unicodedata.normalize("NFC", name.strip()) for name in record]
    blank = [str(index) for index, name in enumerate(names, 1) if not name]
    if blank and len(blank) == len(names):
        raise BlankColumns("no column has a name")
    if blank:
        raise BlankColumns(f"column {', '.join(blank[:10])} has no name")
    check_names(names)
    return tuple(names)


def check_names(names: Collection[str]) -> None:
    """Refuse names that a table cannot have.

    Raises:
        DuplicateColumns, BlankColumns, BadColumnName: as named.
    """
    seen = list(names)
    double = (
        sorted({name for name in seen if seen.count(name) > 1})
        if len(set(seen)) < len(seen)
        else []
    )
    if double:
        raise DuplicateColumns(f"more than one column is called {_listed(double)}")
    if not all(seen):
        raise BlankColumns("a column has no name")
    bad = [i for i, name in enumerate(seen, 1) if len(name) > MAX_NAME or not name.isprintable()]
    if bad:
        raise BadColumnName(f"the name of column {bad[0]} is too long or not printable")
    if len(seen) > MAX_COLUMNS:
        raise BadColumnName(f"more than {MAX_COLUMNS:,} columns")


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:MAX_NAME]) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


@contextmanager
def _records(opener: Opener, encoding: str, separator: str) -> Iterator[Iterator[list[str]]]:
    """Records that are not blank, header included."""
    with opener() as file, io.TextIOWrapper(file, encoding, newline="") as text:
        yield (record for _, record in _numbered(text, separator))


def _numbered(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text, delimiter=separator)
    line = 1
    try:
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise BadEncoding(f"the text is no {text.encoding}", debug=error.reason) from None
    except csv.Error as error:
        raise UnreadableFile(f"line {line} cannot be read", debug=str(error)) from None


def lines_of_rows(opener: Opener, dialect: Dialect, rows: Collection[int]) -> list[int]:
    """Line numbers (from 1) on which rows (from 0) begin; reads as far as the last of them."""
    wanted, found = set(rows), []
    with opener() as file, io.TextIOWrapper(file, dialect.encoding, newline="") as text:
        for row, (line, _) in enumerate(_numbered(text, dialect.separator), -1):
            if row in wanted:
                found.append(line)
                if len(found) == len(wanted):
                    break
    return found


def check_quotes(opener: Opener, dialect: Dialect) -> None:
    """Refuse a file whose last quote is never closed; Arrow takes it as closed by the end.

    Raises:
        UnreadableFile: naming the line on which the unclosed cell's row begins.
    """
    line = 1
    with opener() as file, io.TextIOWrapper(file, dialect.encoding, newline="") as text:
        reader = csv.reader(text, delimiter=dialect.separator, strict=True)
        while True:
            try:
                if next(reader, None) is None:
                    return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise UnreadableFile(f"a quote is never closed, from line {line}") from None
            line = reader.line_num + 1


def ragged_lines(opener: Opener, dialect: Dialect, limit: int = 5) -> list[int]:
    """Line numbers of the first rows whose number of cells is not the header's."""
    found: list[int] = []
    with opener() as file, io.TextIOWrapper(file, dialect.encoding, newline="") as text:
        for line, record in _numbered(text, dialect.separator):
            if len(record) != len(dialect.names):
                found.append(line)
                if len(found) == limit:
                    break
    return found
