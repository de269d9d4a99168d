"""Duplicates are found exactly, within and beyond memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hanse.crypto.suite import get_suite
from hanse.data.batches import ArrowTable
from hanse.data.duplicates import duplicate_rows, rows_without_key
from hanse.data.scratch import Scratch

ROWS = 150_000


@pytest.mark.parametrize("memory_rows", [10**9, 1])
def test_found_at_any_size(tmp_path: Path, memory_rows: int) -> None:
    ids = np.random.default_rng(3).permutation(ROWS)
    with Scratch(tmp_path, get_suite("intl")) as scratch:
        table = ArrowTable(pa.table({"id": ids}))
        assert duplicate_rows(table, ["id"], scratch, memory_rows) == []
        ids[ROWS - 1] = ids[17]
    with Scratch(tmp_path, get_suite("intl")) as scratch:
        table = ArrowTable(pa.table({"id": ids}))
        assert duplicate_rows(table, ["id"], scratch, memory_rows) == [(17, ROWS - 1)]
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_equal_hashes_of_different_keys_are_no_duplicates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hanse.data import duplicates

    def all_collide(table: ArrowTable, keys: list[str]) -> object:
        for batch in table.batches(keys):
            yield np.zeros(batch.num_rows, np.uint64), batch

    monkeypatch.setattr(duplicates, "_hashed", all_collide)
    with Scratch(tmp_path, get_suite("intl")) as scratch:
        unique = ArrowTable(pa.table({"id": ["a", "b", "c"]}))
        assert duplicate_rows(unique, ["id"], scratch) == []
        double = ArrowTable(pa.table({"id": ["a", "b", "a"]}))
        assert duplicate_rows(double, ["id"], scratch) == [(0, 2)]


def test_columns_are_not_run_together(tmp_path: Path) -> None:
    table = ArrowTable(pa.table({"a": ["1", "11", "1"], "b": ["12", "2", "2"]}))
    with Scratch(tmp_path, get_suite("intl")) as scratch:
        assert duplicate_rows(table, ["a", "b"], scratch) == []
        assert duplicate_rows(table, ["a"], scratch) == [(0, 2)]


def test_gaps_are_named(tmp_path: Path) -> None:
    table = ArrowTable(pa.table({"a": ["1", None, "3"], "b": [None, 2, 3]}))
    assert rows_without_key(table, ["a", "b"]) == [0, 1]
    many = ArrowTable(pa.table({"a": pa.nulls(100, pa.string())}))
    assert rows_without_key(many, ["a"]) == [0, 1, 2, 3, 4]
