"""Tables that stay in memory once they were read in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from hanse.data.batches import ArrowTable, KeptTable

HELD = pa.table({"a": list(range(100)), "b": [f"t{n}" for n in range(100)]})


class Counted(ArrowTable):
    """Counts how often it is read."""

    readings = 0

    def batches(
        self, columns: Sequence[str] | None = None, size: int = 30
    ) -> Iterator[pa.RecordBatch]:
        self.readings += 1
        yield from super().batches(columns, size)


def read(table: KeptTable, columns: list[str] | None = None, size: int = 30) -> pa.Table:
    return pa.Table.from_batches(list(table.batches(columns, size)))


def test_a_small_table_is_read_once() -> None:
    source = Counted(HELD)
    table = KeptTable(source, 1 << 20)
    assert table.kept is None
    assert read(table).equals(HELD)
    assert table.kept is not None
    assert read(table, ["b"], 7).equals(HELD.select(["b"]))
    assert table.to_arrow(["b", "a"]).equals(HELD.select(["b", "a"]))
    assert source.readings == 1
    assert (table.columns, table.rows) == (source.columns, 100)


def test_a_table_beyond_the_limit_is_read_from_its_source_again() -> None:
    source = Counted(HELD)
    table = KeptTable(source, 100)
    assert read(table).equals(HELD)
    assert table.kept is None
    assert table.to_arrow().equals(HELD)
    assert source.readings == 2


def test_a_table_read_in_part_is_not_kept() -> None:
    source = Counted(HELD)
    table = KeptTable(source, 1 << 20)
    next(table.batches(None, 30))
    assert read(table, ["a"]).equals(HELD.select(["a"]))
    assert table.kept is None
    assert table.to_arrow(["a"]).equals(HELD.select(["a"]))
