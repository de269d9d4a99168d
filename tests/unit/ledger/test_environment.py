"""LMDB below the ledger: growing, full, failing, shared."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import lmdb
import pytest

from hanse.ledger.errors import LedgerClosed, LedgerInUse, StorageFailed, StorageFull
from hanse.ledger.storage import environment as module
from hanse.ledger.storage.environment import Environment


def environment(folder: Path, map_bytes: int = 1 << 20) -> Environment:
    return Environment(folder, ("a", "b"), map_bytes)


def put(env: Environment, count: int, size: int = 1_000, start: int = 0) -> None:
    def work(txn: Any) -> None:
        for number in range(start, start + count):
            txn.put(number.to_bytes(4, "big"), b"x" * size, db=env.db["a"])

    env.write(work)


def entries(env: Environment) -> int:
    with env.read() as txn:
        return int(txn.stat(env.db["a"])["entries"])


def test_map_grows_until_everything_fits(tmp_path: Path) -> None:
    env = environment(tmp_path, 64 << 10)
    put(env, 3_000)
    assert entries(env) == 3_000
    assert env.map_bytes >= 4 << 20
    env.close()
    again = environment(tmp_path, 64 << 10)
    assert entries(again) == 3_000
    put(again, 3_000, start=3_000)
    assert entries(again) == 6_000
    again.close()


def test_growing_waits_for_readers_and_readers_for_growing(tmp_path: Path) -> None:
    env = environment(tmp_path, 256 << 10)
    put(env, 10)
    stop = threading.Event()
    seen: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                with env.read() as txn:
                    before = txn.stat(env.db["a"])["entries"]
                    time.sleep(0.0005)
                    assert txn.stat(env.db["a"])["entries"] == before
                    seen.append(before)
        except BaseException as error:  # reported by the main thread
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in range(20):
        put(env, 200, start=200 * batch)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert sorted(set(seen))[-1] <= 4_000
    assert entries(env) == 4_000
    env.close()


def test_writes_need_not_wait_for_a_long_reader_when_room_was_reserved(tmp_path: Path) -> None:
    env = environment(tmp_path, 64 << 10)
    put(env, 10)
    env.reserve(16 << 20)
    env.reserve(1 << 20)
    assert env.map_bytes >= 16 << 20
    writer = threading.Thread(target=put, args=(env, 3_000), daemon=True)
    with env.read() as txn:
        writer.start()
        writer.join(30)
        assert not writer.is_alive()
        assert txn.stat(env.db["a"])["entries"] == 10
    assert entries(env) == 3_000
    env.close()


def test_copy_is_complete_and_compact(tmp_path: Path) -> None:
    env = environment(tmp_path / "a")
    put(env, 1_000)
    env.write(lambda txn: txn.drop(env.db["a"], delete=False))
    put(env, 50)
    (tmp_path / "b").mkdir()
    env.copy(tmp_path / "b")
    put(env, 60)
    copied = environment(tmp_path / "b")
    assert (entries(env), entries(copied)) == (60, 50)
    sizes = [(tmp_path / name / "data.mdb").stat().st_size for name in "ab"]
    assert sizes[1] < sizes[0] / 4
    with pytest.raises(StorageFailed):
        env.copy(tmp_path / "nowhere")
    env.close()
    copied.close()


def test_swapped_in_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    old = environment(tmp_path / "old")
    put(old, 5)
    new = Environment(tmp_path / "new", ("a", "b"), 1 << 20, durable=False)
    put(new, 2_000)
    new.sync()
    new.close()
    with pytest.raises(StorageFailed):
        old.swap_in(tmp_path / "nothing.mdb")
    assert entries(old) == 5
    old.swap_in(tmp_path / "new" / "data.mdb")
    assert entries(old) == 2_000
    put(old, 10, start=5_000)
    assert entries(old) == 2_010
    old.close()


def test_failing_work_writes_nothing(tmp_path: Path) -> None:
    env = environment(tmp_path)
    put(env, 5)

    def work(txn: Any) -> None:
        txn.put(b"more", b"x", db=env.db["a"])
        raise KeyError("no")

    with pytest.raises(KeyError):
        env.write(work)
    assert entries(env) == 5
    env.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (lmdb.Error("mdb_txn_commit: No space left on device"), StorageFull),
        (lmdb.Error("mdb_txn_commit: File too large"), StorageFull),
        (lmdb.Error("mdb_put: Disk quota exceeded"), StorageFull),
        (OSError(28, "No space left on device"), StorageFull),
        (lmdb.Error("mdb_txn_commit: Input/output error"), StorageFailed),
        (OSError(5, "Input/output error"), StorageFailed),
        (lmdb.PanicError("mdb_txn_begin"), StorageFailed),
    ],
)
def test_error_of_the_disk_is_named_and_damages_nothing(
    tmp_path: Path, error: Exception, expected: type[Exception]
) -> None:
    env = environment(tmp_path)
    put(env, 5)

    def work(txn: Any) -> None:
        txn.put(b"more", b"x", db=env.db["a"])
        raise error

    with pytest.raises(expected):
        env.write(work)
    assert entries(env) == 5
    put(env, 10)
    assert entries(env) == 10
    env.close()


def test_environment_that_could_not_be_opened_again_comes_back_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(tmp_path)
    put(env, 5)
    real = lmdb.open
    monkeypatch.setattr(lmdb, "open", lambda *_, **__: (_ for _ in ()).throw(lmdb.Error("no")))

    def work(txn: Any) -> None:
        raise lmdb.PanicError("broken")

    with pytest.raises(StorageFailed):
        env.write(work)
    with pytest.raises(StorageFailed), env.read():
        pass
    monkeypatch.setattr(lmdb, "open", real)
    put(env, 6)
    assert entries(env) == 6
    env.close()


def test_second_process_is_refused(tmp_path: Path) -> None:
    env = environment(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from hanse.ledger.storage.environment import Environment\n"
        "Environment(Path(sys.argv[1]), ('a', 'b'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=False
    )
    assert other.returncode != 0
    assert b"LedgerInUse" in other.stderr
    with pytest.raises(LedgerInUse):
        environment(tmp_path)
    env.close()
    environment(tmp_path).close()


def test_closed_environment_says_so(tmp_path: Path) -> None:
    env = environment(tmp_path)
    env.close()
    with pytest.raises(LedgerClosed), env.read():
        pass
    with pytest.raises(LedgerClosed):
        env.close()


def test_files_are_readable_by_the_owner_only(tmp_path: Path) -> None:
    env = environment(tmp_path / "ledger")
    assert (tmp_path / "ledger").stat().st_mode & 0o077 == 0
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "ledger").iterdir())
    env.close()


def test_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"not a database at all" * 400)
    with pytest.raises(StorageFailed):
        environment(tmp_path)
    (tmp_path / "data.mdb").unlink()
    environment(tmp_path).close()


def test_short_write_on_a_full_disk_is_told_from_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(tmp_path)

    def work(txn: Any) -> None:
        raise lmdb.Error("mdb_txn_commit: Input/output error")

    monkeypatch.setattr(module, "ROOM_BYTES", 1 << 62)
    with pytest.raises(StorageFull):
        env.write(work)
    env.close()
