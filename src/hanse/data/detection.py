"""Finding a column's type from all of its cells.

Every cell that is not missing falls in one class: one of the six types, or *code*, digits that
are no number to calculate with (leading zeros, more than 18 digits: postcodes, card numbers).
The column is

* of a type when all its cells are (integers among floats are floats, dates among timestamps
  midnights), and text when they are words, codes, or codes and integers;
* text without complaint when most cells are words;
* *mixed*, an error, when at least half of the cells are of one type other than text and some
  are not: usually a misspelt missing value or a shifted line, which silently becoming text
  would hide. Declaring the type settles it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.data import conversion
from hanse.data.conversion import PATTERNS, WEAKLY_MISSING
from hanse.data.types import ARROW, ColumnType

CellClass = Literal["int64", "float64", "bool", "date", "timestamp", "code", "text"]
EXAMPLES = 5
_GROUPS: tuple[tuple[CellClass, ...], ...] = (
    ("int64", "float64"),
    ("bool",),
    ("date", "timestamp"),
)
_ORDER: tuple[ColumnType, ...] = ("int64", "float64", "bool", "date", "timestamp")
_QUICK: tuple[ColumnType, ...] = ("int64", "float64", "date")
_CLASSES: tuple[CellClass, ...] = (
    "int64",
    "float64",
    "bool",
    "date",
    "timestamp",
    "code",
    "text",
)
_CODE = r"^[+-]?(0[0-9]+|[0-9]{19,})$"
_WEAK = pa.array(WEAKLY_MISSING)
# Bytes a cell of another type than text can begin with: digits, sign, point, t, f, spaces.
_SUSPECT = np.isin(np.arange(256), [*b"0123456789+-.tTfF \t\r\n", 0xC2, 0xE2, 0xE3])


class Mixed(Exception):
    """The column is mixed; ``rows`` are examples of the cells that do not fit the rest.

    Attributes:
        kind: the type most cells have.
        rows: row numbers, from 0.
        count: how many cells do not fit.
    """

    def __init__(self, kind: ColumnType, rows: list[int], count: int) -> None:
        super().__init__(kind)
        self.kind, self.rows, self.count = kind, rows, count


class Detector:
    """Watches one column go by, batch by batch.

    Attributes:
        counts: cells seen per class.
    """

    def __init__(self) -> None:
        self.counts: dict[CellClass, int] = dict.fromkeys(_CLASSES, 0)
        self._examples: dict[CellClass, list[int]] = {name: [] for name in _CLASSES}
        self._last: ColumnType = "int64"

    def feed(self, cells: pa.Array, first_row: int) -> pa.Array | None:
        """Count a batch; returns it converted when all of it has one plainly spelt type.

        Args:
            cells: strings, missing ones null.
            first_row: row number of its first cell.
        """
        if cells.null_count == len(cells):
            return None
        for kind in dict.fromkeys((self._last, *_QUICK)):
            values = self._quick(cells, kind)
            if values is not None:
                self._last = kind
                self._note(kind, cells.is_valid(), first_row)
                return values
        self._classify(cells, first_row)
        return None

    def _quick(self, cells: pa.Array, kind: ColumnType) -> pa.Array | None:
        values = conversion.try_quickly(cells, kind)
        if values is None or kind == "date":
            return values
        is_long = pc.greater(pc.binary_length(cells), 18)
        return None if pc.any(is_long).as_py() else values

    def _classify(self, cells: pa.Array, first_row: int) -> None:
        first = conversion.first_bytes(cells)
        suspect = _SUSPECT[first]
        words = ~suspect & (first != 0)
        words &= ~np.asarray(pc.is_in(cells, _WEAK))
        self._note("text", pa.array(words), first_row)
        rows = np.flatnonzero(suspect)
        if len(rows):
            self._classify_closely(cells.take(pa.array(rows)), rows + first_row)

    def _classify_closely(self, cells: pa.Array, rows: Any) -> None:
        encoded = cells.dictionary_encode()
        classes = _classes_of(conversion.trimmed(encoded.dictionary))
        found = classes[np.asarray(encoded.indices)]
        for place, name in enumerate(_CLASSES):
            self._add(name, rows[found == place])

    def _note(self, name: CellClass, mask: pa.Array, first_row: int) -> None:
        count = pc.sum(mask).as_py() or 0
        self.counts[name] += count
        examples = self._examples[name]
        if count and len(examples) < EXAMPLES:
            rows = np.flatnonzero(np.asarray(mask))[: EXAMPLES - len(examples)]
            examples.extend((rows + first_row).tolist())

    def _add(self, name: CellClass, rows: Any) -> None:
        self.counts[name] += len(rows)
        examples = self._examples[name]
        examples.extend(rows[: EXAMPLES - len(examples)].tolist())

    def decide(self) -> ColumnType:
        """The column's type after all cells were seen.

        Raises:
            Mixed: see the module's page.
        """
        counts = self.counts
        total = sum(counts.values())
        group = max(_GROUPS, key=lambda names: sum(counts[name] for name in names))
        held = sum(counts[name] for name in group)
        if total == 0 or held == 0:
            return "text"
        kind = _widest(group, counts)
        if held == total:
            return kind
        if held + counts["code"] == total and kind == "int64":
            return "text"
        if 2 * held < total:
            return "text"
        odd = [name for name in _CLASSES if name not in group]
        rows = sorted(row for name in odd for row in self._examples[name])
        raise Mixed(kind, rows[:EXAMPLES], total - held)


def _widest(group: tuple[CellClass, ...], counts: dict[CellClass, int]) -> ColumnType:
    """The type that holds all cells of a group, which lists types from narrow to wide."""
    widest = [name for name in group if counts[name]][-1]
    assert widest in ARROW
    return widest


def _classes_of(cells: pa.Array) -> Any:
    """Place in `_CLASSES` of each trimmed cell, -1 for missing ones."""
    is_left = np.asarray(cells.is_valid()).copy()
    classes = np.where(is_left, _CLASSES.index("text"), -1)
    codes = is_left & _matching(cells, _CODE)
    classes[codes] = _CLASSES.index("code")
    is_left &= ~codes
    for kind in _ORDER:
        found = is_left & _matching(cells, PATTERNS[kind])
        if found.any():
            found[np.flatnonzero(found)[_unparsable(cells, found, kind)]] = False
            classes[found] = _CLASSES.index(kind)
            is_left &= ~found
    return classes


def _matching(cells: pa.Array, pattern: str) -> Any:
    return np.asarray(pc.fill_null(pc.match_substring_regex(cells, pattern), False))


def _unparsable(cells: pa.Array, found: Any, kind: ColumnType) -> list[int]:
    try:
        conversion.parse(cells.filter(pa.array(found)), kind)
    except conversion.Unconvertible as error:
        return error.positions
    return []
