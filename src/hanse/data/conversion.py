"""From text cells to typed values, whole batches at a time.

What counts as which type is fixed here, for detection and for declared types alike:

* ``int64``: optional sign and decimal digits within 64 bits;
* ``float64``: the same, or with a point or exponent; finite;
* ``bool``: true or false in any case;
* ``date``: 2024-01-05, 2024/1/5 or 2024年1月5日;
* ``timestamp``: such a date, T or a space, hours and minutes, optional seconds and fraction
  (cut to microseconds), optional Z or ±hh:mm; without a zone it is UTC, without a clock midnight;
* spaces around a value are ignored except in text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.data.types import ARROW, ColumnType

MISSING = tuple(
    sorted(
        {"", "NaN", "Null", "n/a", "N/a", "<NA>", "<na>", "#N/A", "#n/a", "#NA", "#NULL!", "\\N"}
        | {"NA", "na", "N/A", "NULL", "null", "nan", "NAN", "nil", "NIL"}
    )
)
"""Cells that are missing in every column."""

WEAKLY_MISSING = ("none", "None", "NONE", "-", "--", "—", ".", "?", "无", "空", "缺失", "/")
"""Cells that are missing in columns of numbers, dates and truth values, but words in text."""

_DATE = r"[0-9]{4}(-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日)"
_CLOCK = r"[T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
PATTERNS: dict[ColumnType, str] = {
    "int64": r"^[+-]?[0-9]+$",
    "float64": r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$",
    "bool": r"^(?i:true|false)$",
    "date": rf"^{_DATE}$",
    "timestamp": rf"^{_DATE}({_CLOCK} ?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?$",
}
_NUMERIC = np.isin(np.arange(256), [0, *b"0123456789-."])  # 0 stands for a missing cell
_TRIAL = 64
_ABSENT = pa.array([*MISSING, *WEAKLY_MISSING])


class Unconvertible(Exception):
    """Some cells are not of the type; ``positions`` are their indices in the batch."""

    def __init__(self, positions: list[int]) -> None:
        super().__init__("cells of another type")
        self.positions = positions


def convert(cells: pa.Array, kind: ColumnType) -> pa.Array:
    """Convert text cells of a batch to a type.

    Args:
        cells: strings, missing ones null.
        kind: the type to reach.

    Raises:
        Unconvertible: with the positions of all cells that are not of the type.
    """
    if kind == "text":
        return without_blanks(cells)
    quick = try_quickly(cells, kind)
    if quick is not None:
        return quick
    return _convert_distinct(cells, kind)


def _convert_distinct(cells: pa.Array, kind: ColumnType) -> pa.Array:
    """Convert each different cell once; columns of few values are common."""
    encoded = cells.dictionary_encode()
    try:
        values = parse(trimmed(encoded.dictionary), kind)
    except Unconvertible as error:
        places = pa.array(error.positions, encoded.indices.type)
        raise Unconvertible(_positions(pc.is_in(encoded.indices, places))) from None
    return values.take(encoded.indices)


def trimmed(cells: pa.Array) -> pa.Array:
    """Cells without surrounding spaces, every spelling of a missing value made null."""
    bare = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.is_in(bare, _ABSENT), None, bare)


def try_quickly(cells: pa.Array, kind: ColumnType) -> pa.Array | None:
    """Convert a batch in one go when every cell has the plainest spelling, else None.

    Cells that begin with 0 and a digit or letter are left to the careful way: they may be codes.
    """
    if kind not in {"int64", "float64", "date"}:
        return None
    # A failing cast is slow, because Arrow words an error for each cell: so look before.
    lead = first_bytes(cells)
    if not _NUMERIC[lead].all() or not _casts(cells.slice(0, _TRIAL), kind):
        return None
    if kind != "date" and _may_hold_codes(cells, lead):
        return None
    try:
        values = cells.cast(ARROW[kind])
    except pa.ArrowInvalid:
        return None
    return plain_floats(values) if kind == "float64" else values


def _casts(cells: pa.Array, kind: ColumnType) -> bool:
    try:
        cells.cast(ARROW[kind])
    except pa.ArrowInvalid:
        return False
    return True


def parse(cells: pa.Array, kind: ColumnType) -> pa.Array:
    """Convert trimmed cells to a type other than text; raises `Unconvertible`."""
    fits = pc.match_substring_regex(cells, PATTERNS[kind])
    wrong = _positions(pc.invert(fits))
    spelled = _respell(pc.if_else(fits, cells, None) if wrong else cells, kind)
    try:
        values = spelled.cast(ARROW[kind])
        if kind == "float64":
            wrong += _positions(pc.is_inf(values))
            values = values if wrong else plain_floats(values)
    except pa.ArrowInvalid:
        wrong += _one_by_one(spelled, kind)
    if wrong:
        raise Unconvertible(sorted(wrong))
    return values


def plain_floats(values: pa.Array) -> pa.Array | None:
    """Floats with NaN made missing and -0.0 made 0.0, or None when one is infinite."""
    if pc.any(pc.is_inf(values)).as_py():
        return None
    if pc.any(pc.is_nan(values)).as_py():
        values = pc.if_else(pc.is_nan(values), None, values)
    return pc.add(values, 0.0)


def without_blanks(cells: pa.Array) -> pa.Array:
    """Text with cells of nothing but spaces made missing; other text stays as it is."""
    first = first_bytes(cells)
    if not np.isin(first, (0, 9, 10, 13, 32)).any():
        return cells
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(cells), ""), None, cells)


def first_bytes(cells: pa.Array, skip: int = 0) -> Any:
    """The byte at place ``skip`` of every cell; 0 where a cell is missing or shorter."""
    out: Any = np.zeros(len(cells), np.uint8)
    _, offsets, data = cells.buffers()
    if len(cells) == 0 or data is None:
        return out
    ends = np.frombuffer(offsets, "<i4")[cells.offset : cells.offset + len(cells) + 1]
    has = np.diff(ends) > skip
    if cells.null_count:
        has &= np.asarray(cells.is_valid())
    out[has] = np.frombuffer(data, np.uint8)[ends[:-1][has] + skip]
    return out


def _may_hold_codes(cells: pa.Array, first: Any) -> bool:
    second = first_bytes(cells, 1)
    signed = (first == ord("-")) | (first == ord("+"))
    third = first_bytes(cells, 2) if signed.any() else second
    lead = np.where(signed, second, first)
    after = np.where(signed, third, second)
    return bool(((lead == ord("0")) & (after != 0) & (after != ord("."))).any())


def _respell(cells: pa.Array, kind: ColumnType) -> pa.Array:
    if kind in {"int64", "float64"}:
        return pc.replace_substring_regex(cells, r"^[+]", "")
    if kind == "bool":
        return pc.utf8_lower(cells)
    plain = pc.replace_substring_regex(
        cells, r"^([0-9]{4})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})日?", r"\1-\2-\3"
    )
    plain = pc.replace_substring_regex(plain, r"^([0-9]{4})-([0-9])-", r"\1-0\2-")
    plain = pc.replace_substring_regex(plain, r"^([0-9]{4}-[0-9]{2})-([0-9])($|[T ])", r"\1-0\2\3")
    if kind == "date":
        return plain
    plain = pc.replace_substring_regex(plain, r"^([0-9-]{10})$", r"\1 00:00")
    plain = pc.replace_substring_regex(plain, r"^([0-9-]{10})[T ]+([0-9]):", r"\1 0\2:")
    plain = pc.replace_substring_regex(plain, r"^([0-9-]{10})[T ]+", r"\1 ")
    plain = pc.replace_substring_regex(plain, r"([.][0-9]{6})[0-9]+", r"\1")
    plain = pc.replace_substring_regex(plain, r" ?(Z|[+-][0-9]{2}:?[0-9]{2})$", r"\1")
    has_zone = pc.match_substring_regex(plain, r"(Z|[+-][0-9]{2}:?[0-9]{2})$")
    return pc.if_else(has_zone, plain, pc.binary_join_element_wise(plain, "Z", ""))


def _one_by_one(cells: pa.Array, kind: ColumnType) -> list[int]:
    """Positions of cells that look right and are not, such as 30 February; the rare way."""
    wrong = []
    for index, cell in enumerate(cells):
        try:
            cell.cast(ARROW[kind])
        except pa.ArrowInvalid:
            wrong.append(index)
    return wrong


def _positions(mask: pa.Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()
    return found
