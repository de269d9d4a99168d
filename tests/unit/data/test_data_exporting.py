"""Export: complete under its name or absent, for the owner's eyes, and readable again."""

from __future__ import annotations

import csv
import datetime
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.data.batches import ArrowTable
from hanse.data.digest import content_digest
from hanse.data.errors import ExportRefused, NoSuchFormat
from hanse.data.exporting import export_table
from hanse.data.importing import import_file
from hanse.data.types import ARROW
from hanse.data.vault import Vault

WORDS = ["plain", 'say "hi"', "a,b", "two\nlines", " spaces ", "张三", None, "a\rb"]


def table() -> ArrowTable:
    days = [datetime.date(2024, 1, i) for i in range(1, 8)] + [None]
    times = pa.array([0, 1, -1, 10**15, None, 7, 8, 9]).cast(ARROW["timestamp"])
    return ArrowTable(
        pa.table(
            {
                "id": list(range(8)),
                "数,值": [1.0, -2.5, 1e300, 5e-324, None, 0.1, 123456789.0, 1e22],
                "word": WORDS,
                "ok": [True, False, None, True, True, True, True, True],
                "day": pa.array(days, pa.date32()),
                "at": times,
            }
        )
    )


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_what_is_exported_imports_to_the_same_digest(
    intl_vault: Vault, tmp_path: Path, format_: str
) -> None:
    path = tmp_path / "out"
    assert export_table(table(), path, format_) == 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    back = import_file(path, intl_vault)
    assert content_digest(intl_vault.suite, back) == content_digest(intl_vault.suite, table())


def test_csv_is_what_other_readers_understand(tmp_path: Path) -> None:
    export_table(table(), tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["word"] or None for row in rows] == WORDS
    assert rows[0]["数,值"] == "1.0"
    assert rows[1]["ok"] == "false"
    assert rows[0]["at"] == "1970-01-01 00:00:00.000000Z"


def test_a_column_alone_keeps_its_gaps(intl_vault: Vault, tmp_path: Path) -> None:
    alone = ArrowTable(pa.table({"x": pa.array([1, None, 3])}))
    export_table(alone, tmp_path / "out.csv")
    assert import_file(tmp_path / "out.csv", intl_vault).to_arrow()["x"].to_pylist() == [1, None, 3]


def test_vault_exports_by_identifier(vault: Vault, tmp_path: Path) -> None:
    held = table()
    object_id = vault.write_table(held.columns, held.batches())
    assert vault.export(object_id, tmp_path / "out.parquet", "parquet") == 8
    assert pq.read_table(tmp_path / "out.parquet")["word"].to_pylist() == WORDS


def test_existing_files_stay_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(ExportRefused):
        export_table(table(), path)
    assert path.read_text() == "mine"
    assert export_table(table(), path, replace=True) == 8
    assert path.read_text().startswith("id,")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_kwargs: object) -> object:
        yield next(iter(table().batches()))
        raise RuntimeError("disk gone")

    source = table()
    monkeypatch.setattr(source, "batches", broken)
    for format_ in ("csv", "parquet"):
        with pytest.raises(RuntimeError):
            export_table(source, tmp_path / "out", format_)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NoSuchFormat):
        export_table(table(), tmp_path / "out", "xlsx")


def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, source = tmp_path / "out.csv", table()

    def slow(*_args: object, **_kwargs: object) -> object:
        path.write_text("theirs")
        yield from table().batches()

    monkeypatch.setattr(source, "batches", slow)
    with pytest.raises(ExportRefused):
        export_table(source, path)
    assert path.read_text() == "theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
