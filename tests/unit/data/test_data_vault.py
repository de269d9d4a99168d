"""The vault: objects exist completely or not at all, and stop to exist for good."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hanse.core.ids import BadIdentifier
from hanse.crypto.suite import Suite, get_suite
from hanse.data import records
from hanse.data.errors import (
    DamagedObject,
    NoSuchColumn,
    NoSuchObject,
    StorageFull,
    WrongKind,
    WrongVaultKey,
)
from hanse.data.objects import read_bytes_file, write_bytes_file
from hanse.data.tables import Table, write_table_file
from hanse.data.types import Column, columns_of
from hanse.data.vault import Vault

COLUMNS = (Column("id", "int64"), Column("名", "text"))
MASTER_KEY = bytes(range(32))


def batch(start: int = 0, rows: int = 3) -> pa.RecordBatch:
    ids = list(range(start, start + rows))
    names = pa.array([f"Geheimnis-{i}" for i in ids], pa.string())
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.int64()), names], names=["id", "名"])


def files(vault: Vault) -> list[str]:
    found = [p for p in vault.root.rglob("*") if p.is_file() and p.name != ".lock"]
    return sorted(p.suffix for p in found if p.name != "vault.json")


def test_table_round_trip_by_column_and_size(vault: Vault) -> None:
    object_id = vault.write_table(COLUMNS, [batch(0, 5), batch(5, 0), batch(5, 6)], name="客户")
    table = vault.open_table(object_id)
    assert (table.id, table.name, table.rows, table.columns) == (object_id, "客户", 11, COLUMNS)
    assert [part.num_rows for part in table.batches(size=4)] == [4, 4, 3]
    assert table.to_arrow(["id"]).to_pydict() == {"id": list(range(11))}
    assert table.to_arrow(["名", "id"]).column_names == ["名", "id"]
    with pytest.raises(NoSuchColumn):
        next(table.batches(["nr"]))
    info = vault.describe(object_id)
    assert (info.kind, info.rows, info.columns) == ("table", 11, COLUMNS)
    assert info.size_bytes == table.size_bytes


def test_two_readings_at_once(vault: Vault) -> None:
    table = vault.open_table(vault.write_table(COLUMNS, [batch(0, 1000)]))
    pairs = zip(table.batches(size=10), table.batches(["id"], size=10), strict=True)
    assert all(a["id"].equals(b["id"]) for a, b in pairs)


def test_bytes_and_arrays(vault: Vault) -> None:
    first = vault.put_bytes(b"share", name="m", details={"protocol": "aby3"})
    second = vault.put_arrays({"w": np.arange(3)})
    assert vault.get_bytes(first) == b"share"
    assert vault.get_arrays(second)["w"].tolist() == [0, 1, 2]
    assert vault.describe(first).details == {"protocol": "aby3"}
    assert [info.id for info in vault.list_objects("bytes")] == [first]
    assert {info.id for info in vault.list_objects()} == {first, second}
    with pytest.raises(WrongKind):
        vault.open_table(first)
    with pytest.raises(WrongKind):
        vault.get_bytes(second)


def test_nothing_plain_is_in_the_folder_and_nobody_else_reads_it(vault: Vault) -> None:
    vault.write_table(COLUMNS, [batch()], name="Geheimnis", details={"keys": "Geheimnis"})
    for path in vault.root.rglob("*"):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if path.is_file():
            assert b"Geheim" not in path.read_bytes()
            assert MASTER_KEY[:16] not in path.read_bytes()


def test_reopening_needs_the_same_key_and_suite(vault: Vault, suite: Suite) -> None:
    object_id = vault.put_bytes(b"x")
    assert Vault(vault.root, suite, MASTER_KEY).get_bytes(object_id) == b"x"
    other = get_suite("intl" if suite.name == "sm" else "sm")
    for key, chosen in ((bytes(32), suite), (MASTER_KEY, other), (b"short", suite)):
        with pytest.raises(WrongVaultKey):
            Vault(vault.root, chosen, key)
    (vault.root / "vault.json").write_bytes(b"{}")
    with pytest.raises(WrongVaultKey):
        Vault(vault.root, suite, MASTER_KEY)


def test_each_object_has_its_own_key_enough_for_a_worker(vault: Vault, suite: Suite) -> None:
    first = vault.locate(vault.write_table(COLUMNS, [batch()]))
    second = vault.locate(vault.put_bytes(b"y"))
    assert first.key != second.key
    assert Table(first.path, first.key, suite).rows == 3
    assert first.key.hex() not in repr(first)
    with pytest.raises(DamagedObject):
        Table(first.path, second.key, suite)


def test_adopting_a_workers_file(vault: Vault, suite: Suite, tmp_path: Path) -> None:
    key, made = bytes([7]) * suite.key_bytes, tmp_path / "made"
    assert write_table_file(made, key, suite, COLUMNS, [batch(0, 4)]) == 4
    object_id = vault.adopt(made, key, "table", name="aligned")
    assert not made.exists()
    assert vault.open_table(object_id).to_arrow()["id"].to_pylist() == [0, 1, 2, 3]
    assert vault.describe(object_id).columns == COLUMNS
    write_bytes_file(made, key, suite, b"no table")
    for wrong, kind in ((bytes(suite.key_bytes), "bytes"), (key, "table")):
        with pytest.raises(DamagedObject):
            vault.adopt(made, wrong, kind)  # type: ignore[arg-type]
    assert made.exists()
    assert len(vault.list_objects()) == 1


def test_unknown_and_malformed_identifiers(vault: Vault) -> None:
    with pytest.raises(NoSuchObject):
        vault.get_bytes("ob-" + "a" * 26)
    for bad in ("../../etc/passwd", "", "ob-1"):
        with pytest.raises(BadIdentifier):
            vault.get_bytes(bad)


def test_deleting_erases_the_key_on_disk_before_removing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    object_id = vault.put_bytes(b"x")
    erased: list[bytes] = []
    unlink = Path.unlink

    def watch(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".record":
            erased.append(path.read_bytes())
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", watch)
    vault.delete(object_id)
    assert len(erased) == 1
    assert set(erased[0]) == {0}
    assert files(vault) == []
    with pytest.raises(NoSuchObject):
        vault.get_bytes(object_id)
    with pytest.raises(NoSuchObject):
        vault.delete(object_id)


def test_a_failed_write_leaves_nothing(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        yield batch()
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError):
        vault.write_table(COLUMNS, broken())  # type: ignore[arg-type]
    assert files(vault) == []

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(records, "sync_folder", full)
    with pytest.raises(StorageFull):
        vault.put_bytes(b"x")


def test_swapped_records_and_data_are_refused(vault: Vault) -> None:
    a, b = vault.put_bytes(b"a"), vault.put_bytes(b"b")
    folder = vault.root / "objects"
    kept = (folder / f"{a}.record").read_bytes()
    (folder / f"{a}.record").write_bytes((folder / f"{b}.record").read_bytes())
    with pytest.raises(DamagedObject):
        vault.get_bytes(a)
    assert vault.list_damaged() == [a]
    assert [info.id for info in vault.list_objects()] == [b]
    (folder / f"{a}.record").write_bytes(kept)
    (folder / f"{a}.data").write_bytes((folder / f"{b}.data").read_bytes())
    with pytest.raises(DamagedObject):
        vault.get_bytes(a)


def test_damage_inside_a_table_is_found_while_reading(vault: Vault) -> None:
    object_id = vault.write_table(COLUMNS, [batch(0, 200_000)])
    path = Path(vault.locate(object_id).path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedObject):
        vault.open_table(object_id).to_arrow()


def test_sweep_removes_what_a_crash_left_and_nothing_else(vault: Vault, suite: Suite) -> None:
    kept, half = vault.put_bytes(b"kept"), vault.put_bytes(b"half")
    erased = vault.put_bytes(b"erased")
    folder = vault.root / "objects"
    (folder / f"{half}.record").unlink()
    record = folder / f"{erased}.record"
    record.write_bytes(bytes(record.stat().st_size))
    (folder / "ob-x.part").write_bytes(b"1")
    (folder / "ob-x.record-part").write_bytes(b"1")
    (vault.root / "scratch" / "old").mkdir()
    (vault.root / "scratch" / "old" / "bucket").write_bytes(b"1")
    again = Vault(vault.root, suite, MASTER_KEY)
    assert files(again) == [".data", ".record"]
    assert again.get_bytes(kept) == b"kept"


def test_sweep_spares_living_writers(vault: Vault, suite: Suite) -> None:
    with vault.scratch() as scratch, vault.new_object("bytes") as writer:
        with scratch.create("a") as file:
            file.write(b"held")
        writer.file.write(b"x" * 200_000)
        Vault(vault.root, suite, MASTER_KEY)
        with scratch.open("a") as source:
            assert source.read() == b"held"
        object_id = writer.commit()
    assert len(vault.get_bytes(object_id)) == 200_000
    assert files(vault) == [".data", ".record"]


KILLED = """
    import os, sys
    from hanse.crypto.suite import get_suite
    from hanse.data import object_writer, records
    from hanse.data.vault import Vault

    step = int(sys.argv[2])
    calls = 0
    def counted(function):
        def call(*args, **kwargs):
            global calls
            calls += 1
            if calls == step:
                os.kill(os.getpid(), 9)
            return function(*args, **kwargs)
        return call

    vault = Vault(sys.argv[1], get_suite("intl"), bytes(range(32)))
    for name in ("fsync", "open", "fdopen"):
        setattr(os, name, counted(getattr(os, name)))
    vault.delete(vault.put_bytes(b"first" * 50_000))
    vault.put_bytes(b"second" * 50_000)
    print(calls)
"""


def test_killed_at_any_step_the_vault_opens_whole(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED))
    suite, finished = get_suite("intl"), False
    for step in range(1, 100, 4):
        root = tmp_path / f"vault-{step}"
        command = [sys.executable, str(script), str(root), str(step)]
        done = subprocess.run(command, capture_output=True, check=False)
        finished = done.returncode == 0
        assert finished or done.returncode == -signal.SIGKILL, done.stderr.decode()
        vault = Vault(root, suite, MASTER_KEY)
        assert not vault.list_damaged()
        objects = vault.list_objects()
        assert len(objects) <= 1
        for info in objects:
            assert len(vault.get_bytes(info.id)) in {250_000, 300_000}
        assert len(files(vault)) == 2 * len(objects)
        if finished:
            break
    assert finished


def test_columns_of_refuses_other_types() -> None:
    from hanse.data.errors import UnsupportedType

    with pytest.raises(UnsupportedType, match="'x'"):
        columns_of(pa.schema([("x", pa.int32())]))


def test_a_table_file_that_fails_is_removed(tmp_path: Path, suite: Suite) -> None:
    key = bytes(suite.key_bytes)
    with pytest.raises(ValueError, match="Schema"):
        write_table_file(tmp_path / "t", key, suite, (Column("other", "text"),), [batch()])
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    write_bytes_file(tmp_path / "t", key, suite, b"no table")
    assert read_bytes_file(tmp_path / "t", key, suite) == b"no table"
    with pytest.raises(DamagedObject, match="no table"):
        Table(tmp_path / "t", key, suite)
