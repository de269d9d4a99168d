"""DuckDB may neither spill nor reach outside."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from hanse.data.duck import confined


def test_a_query_beyond_memory_fails_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with confined(memory="40MB") as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute(
            "SELECT count(*) FROM (SELECT hash(i) h, count(*) FROM range(5000000) t(i) GROUP BY h)"
        )
    assert list(tmp_path.iterdir()) == []


def test_no_files_and_no_way_back(tmp_path: Path) -> None:
    with confined() as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(f"COPY (SELECT 1) TO '{tmp_path}/x.csv'")
        for name, value in (("temp_directory", "'/tmp'"), ("enable_external_access", "true")):
            with pytest.raises(duckdb.Error):
                connection.execute(f"SET {name} = {value}")
    assert list(tmp_path.iterdir()) == []
