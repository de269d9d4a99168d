"""The keystore: encrypted, atomic, never overwritten, never revealing."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from hanse.crypto import keystore as keystores
from hanse.crypto import private_files
from hanse.crypto.errors import (
    KeystoreDamaged,
    KeystoreExists,
    KeystoreMissing,
    NoSuchKey,
    WeakPassphrase,
    WrongPassphrase,
)
from hanse.crypto.keystore import KdfCost, Keystore
from hanse.crypto.suite import Suite

PASSPHRASE = "correct horse battery"
CHEAP = KdfCost(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def keystore(path: Path, suite: Suite) -> Keystore:
    return Keystore.create(path, PASSPHRASE, suite, cost=CHEAP)


def test_entries_survive_reopening(keystore: Keystore, path: Path, suite: Suite) -> None:
    keystore.put("signing", b"\x01\x02")
    keystore.put("empty", b"")
    keystore.put("signing", b"\x03")
    again = Keystore.open(path, PASSPHRASE)
    assert again.names() == ["empty", "signing"]
    assert again.get("signing") == b"\x03"
    assert again.get("empty") == b""
    assert again.suite is suite
    again.delete("empty")
    assert Keystore.open(path, PASSPHRASE).names() == ["signing"]


def test_missing_names_are_refused(keystore: Keystore) -> None:
    with pytest.raises(NoSuchKey):
        keystore.get("nothing")
    with pytest.raises(NoSuchKey):
        keystore.delete("nothing")


def test_wrong_passphrase_is_refused(keystore: Keystore, path: Path) -> None:
    keystore.put("signing", b"secret")
    for wrong in ("", PASSPHRASE + "!", PASSPHRASE.upper()):
        with pytest.raises(WrongPassphrase):
            Keystore.open(path, wrong)


def test_passphrase_is_normalised(path: Path, suite: Suite) -> None:
    Keystore.create(path, "ﬁle café 12", suite, cost=CHEAP)
    Keystore.open(path, "file cafe\u0301 12")


def test_short_passphrase_is_refused(path: Path, suite: Suite, keystore: Keystore) -> None:
    with pytest.raises(WeakPassphrase):
        Keystore.create(path.with_name("other"), "1234567", suite, cost=CHEAP)
    assert not path.with_name("other").exists()
    with pytest.raises(WeakPassphrase):
        keystore.change_passphrase(PASSPHRASE, "1234567")
    Keystore.open(path, PASSPHRASE)


def test_existing_file_is_never_overwritten(keystore: Keystore, path: Path, suite: Suite) -> None:
    keystore.put("signing", b"secret")
    before = path.read_bytes()
    with pytest.raises(KeystoreExists):
        Keystore.create(path, "another passphrase", suite, cost=CHEAP)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_file_is_private_and_shows_nothing(keystore: Keystore, path: Path) -> None:
    keystore.put("signing-key", b"top secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    for hidden in (b"signing-key", b"top secret", b"top secret".hex().encode()):
        assert hidden not in content
    assert "secret" not in repr(keystore)


def test_change_passphrase(keystore: Keystore, path: Path) -> None:
    keystore.put("signing", b"secret")
    before = json.loads(path.read_bytes())
    with pytest.raises(WrongPassphrase):
        keystore.change_passphrase("not the old one", "a new passphrase")
    keystore.change_passphrase(PASSPHRASE, "一个新的很长口令")
    with pytest.raises(WrongPassphrase):
        Keystore.open(path, PASSPHRASE)
    assert Keystore.open(path, "一个新的很长口令").get("signing") == b"secret"
    assert json.loads(path.read_bytes())["header"]["salt"] != before["header"]["salt"]
    keystore.put("more", b"x")  # the open object goes on with the new key
    assert Keystore.open(path, "一个新的很长口令").names() == ["more", "signing"]


def test_missing_file(path: Path) -> None:
    with pytest.raises(KeystoreMissing):
        Keystore.open(path, PASSPHRASE)


def _header(**changes: Any) -> Any:
    return lambda file: {**file, "header": {**file["header"], **changes}}


@pytest.mark.parametrize(
    "change",
    [
        lambda file: {},
        lambda file: {**file, "sealed": "%"},
        _header(v=2),
        _header(suite="rot13"),
        _header(salt="zz"),
        _header(salt="00"),
        _header(cost={"memory_kib": 2**30, "passes": 1, "lanes": 1}),
        _header(cost={"memory_kib": 64, "passes": 1000, "lanes": 1}),
        _header(cost={"memory_kib": 64, "passes": 1, "lanes": 0}),
        _header(cost={"memory_kib": 64, "passes": 0, "lanes": 1}),
        _header(cost={"memory_kib": 7, "passes": 1, "lanes": 1}),
    ],
)
def test_damaged_files_are_named_so(keystore: Keystore, path: Path, change: Any) -> None:
    _write(path, change(json.loads(path.read_bytes())))
    with pytest.raises(KeystoreDamaged):
        Keystore.open(path, PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        _header(cost={"memory_kib": 65, "passes": 1, "lanes": 1}),
        _header(salt="00" * 16),
        lambda file: {**file, "sealed": "AAAA" + file["sealed"][4:]},
        lambda file: {**file, "sealed": ""},
    ],
)
def test_altered_files_do_not_open(keystore: Keystore, path: Path, change: Any) -> None:
    _write(path, change(json.loads(path.read_bytes())))
    with pytest.raises(WrongPassphrase):
        Keystore.open(path, PASSPHRASE)


def test_oversized_and_truncated_files(keystore: Keystore, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(KeystoreDamaged):
        Keystore.open(path, PASSPHRASE)
    path.write_bytes(content + b" " * keystores.MAX_FILE_BYTES)
    with pytest.raises(KeystoreDamaged):
        Keystore.open(path, PASSPHRASE)


def test_full_disk_leaves_the_old_file(
    keystore: Keystore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore.put("signing", b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        keystore.put("signing", b"new")
    monkeypatch.undo()
    assert keystore.get("signing") == b"old"
    assert Keystore.open(path, PASSPHRASE).get("signing") == b"old"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_failed_rename_leaves_the_old_file(
    keystore: Keystore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore.put("signing", b"old")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="Input"):
        keystore.put("signing", b"new")
    monkeypatch.undo()
    assert Keystore.open(path, PASSPHRASE).get("signing") == b"old"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_threads_lose_nothing(keystore: Keystore, path: Path) -> None:
    def work(worker: int) -> None:
        for number in range(5):
            keystore.put(f"{worker}-{number}", bytes([worker]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Keystore.open(path, PASSPHRASE).names()) == 20


def test_default_cost_is_the_recommendation_of_rfc_9106() -> None:
    assert (KdfCost().memory_kib, KdfCost().passes, KdfCost().lanes) == (65_536, 3, 4)


def _write(path: Path, value: Any) -> None:
    path.write_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())
