"""Checkpoints: whole or not there, bound to their step, two kept, and agreed on by mark."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hanse.compute.errors import BadInput
from hanse.compute.worker.checkpoint import Checkpoint, scope_of
from hanse.compute.worker.checkpoint_files import PART, PIECE, STATE, CheckpointFiles, Saved
from hanse.compute.worker.manifest import Party, SessionManifest
from hanse.crypto.suite import get_suite

SUITE = get_suite("intl")
KEY = bytes(range(SUITE.key_bytes))
PLACE = ("flow", "train", "bank")
NODES = ("bank", "merchant", "helper")
FIRST, SECOND, THIRD = ("11" * 32, "22" * 32, "33" * 32)


def files(folder: Path, key: bytes = KEY, place: tuple[str, ...] = PLACE) -> CheckpointFiles:
    return CheckpointFiles(folder, key, SUITE, place)


def saved(number: int, scope: str = "s", **fields: Any) -> Saved:
    held = {"w": f"share {number}".encode()}
    return Saved(scope=scope, session=FIRST, number=number, shares=held, **fields)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_last_two_are_kept_and_hold_what_was_saved(tmp_path: Path) -> None:
    kept = files(tmp_path / "new")
    for number in (1, 2, 3):
        kept.write(saved(number, state={"since": number}))
    found = kept.found("s")
    assert [each.number for each in found] == [2, 3]
    assert found[1] == saved(3, state={"since": 3})
    assert b"share" not in b"".join(path.read_bytes() for path in (tmp_path / "new").iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "new").iterdir())


@pytest.mark.parametrize("kind", ["cut", "altered", "renamed", "empty"])
def test_torn_or_altered_file_is_named_in_the_log_and_left_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    kept = files(tmp_path)
    kept.write(saved(1))
    kept.write(saved(2))
    old, new = sorted(tmp_path.glob(f"*{STATE}"))
    data = new.read_bytes()
    torn = {
        "cut": data[:-7],
        "altered": data[:20] + bytes([data[20] ^ 1]) + data[21:],
        "renamed": old.read_bytes(),
        "empty": b"",
    }
    new.write_bytes(torn[kind])
    with caplog.at_level(logging.WARNING, "hanse.worker"):
        assert [each.number for each in kept.found("s")] == [1]
    assert "compute.checkpoint_damaged" in caplog.text


def test_half_written_file_is_never_read_and_goes(tmp_path: Path) -> None:
    kept = files(tmp_path)
    kept.write(saved(1))
    (tmp_path / f"000000002-{FIRST[:16]}{STATE}{PART}").write_bytes(b"half")
    assert [each.number for each in kept.found("s")] == [1]
    assert len(names(tmp_path)) == 1


def test_wrong_key_and_other_place_do_not_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files(tmp_path).write(saved(1))
    assert files(tmp_path, key=bytes(SUITE.key_bytes)).found("s") == []
    assert files(tmp_path, place=("flow", "train", "merchant")).found("s") == []
    assert caplog.text.count("compute.checkpoint_damaged") == 2


def test_other_scope_is_ignored_and_removed(tmp_path: Path) -> None:
    kept = files(tmp_path)
    kept.write(saved(1))
    assert kept.found("other") == []
    assert names(tmp_path) == set()


def test_pieces_are_written_once_and_go_with_what_needs_them(tmp_path: Path) -> None:
    kept = files(tmp_path)
    last = saved(0)
    for number in (1, 2, 3):
        fresh = saved(number, pieces=last.pieces)
        last = kept.write(fresh, {"tree": bytes([number])})
    assert kept.pieces(last) == [{"tree": bytes([number])} for number in (1, 2, 3)]
    assert len([name for name in names(tmp_path) if name.endswith(PIECE)]) == 3
    kept.forget_after(kept.found("s")[0].mark)
    again = kept.write(saved(3, pieces=last.pieces[:2]), {"tree": b"new"})
    assert kept.pieces(again)[2] == {"tree": b"new"}
    (tmp_path / last.pieces[0]).unlink()
    assert kept.found("s") == [], "without a piece none of them can be gone on from"
    kept.forget_after(None)
    assert names(tmp_path) == set()


# Agreement


def manifest(nonce: str, **changes: Any) -> SessionManifest:
    parties = [
        Party(alias=alias, did=f"did:{alias}", roles=["owner", "compute"], certificate=nonce)
        for alias in NODES
    ]
    made = SessionManifest(
        genesis="00", flow="flow", step="train", attempt=1, operator="o", operator_version=1,
        code="c", parameters={"checkpoint_every": 2}, protocol="aby3", parties=parties,
        inputs={"table": {"bank": "aa"}}, nonce=nonce,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


class Told:
    """A link on which the others have said this already."""

    def __init__(self, me: str, others: dict[str, Any]) -> None:
        self.me, self._others = me, others
        self.said: list[Any] = []

    def exchange(self, value: Any) -> dict[str, Any]:
        self.said = value
        return {**self._others, self.me: msgspec.to_builtins(value)}


def checkpoint(folder: Path | None, session: SessionManifest) -> tuple[Checkpoint, list[int]]:
    told: list[int] = []
    held = files(folder) if folder else None
    return Checkpoint(session, scope_of(SUITE, session), held, told.append), told


def run(folder: Path, until: int = 6) -> None:
    """A first session that saves up to a number."""
    mine, _ = checkpoint(folder, manifest(FIRST))
    for number in range(1, until + 1):
        mine.save(number, {"w": f"11-{number}".encode()}, since=number)


def resume(folder: Path, others: Any, nonce: str = SECOND, **changes: Any) -> Any:
    mine, told = checkpoint(folder, manifest(nonce, **changes))
    link = Told("bank", dict.fromkeys(("merchant", "helper"), others))
    got = mine.resume(link, NODES)  # type: ignore[arg-type]
    return got, told, mine


def test_greatest_number_that_all_keepers_have_is_gone_on_from(tmp_path: Path) -> None:
    run(tmp_path, until=7)
    got, told, _ = resume(tmp_path, [[2, FIRST], [4, FIRST]])
    assert (got.number, got.shares, got.state, told) == (4, {"w": b"11-4"}, {"since": 4}, [4])
    assert [each.number for each in files(tmp_path).found(scope_of(SUITE, manifest(FIRST)))] == [4]


@pytest.mark.parametrize(
    "others",
    [
        [],
        [[6, THIRD], [4, THIRD]],
        [[8, FIRST]],
    ],
)
def test_shares_of_other_sessions_are_never_mixed(tmp_path: Path, others: Any) -> None:
    run(tmp_path)
    got, told, _ = resume(tmp_path, others)
    assert got is None
    assert told == []
    assert names(tmp_path) == set()


def test_second_session_marks_what_it_adds(tmp_path: Path) -> None:
    run(tmp_path, until=4)
    mine = resume(tmp_path, [[4, FIRST]])[2]
    mine.save(6, {"w": b"x"})
    (old, new) = files(tmp_path).found(scope_of(SUITE, manifest(FIRST)))
    assert (old.mark, new.mark) == ((4, FIRST), (6, SECOND))


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"checkpoint_every": 2, "epochs": 3}},
        {"inputs": {"table": {"bank": "bb"}}},
        {"code": "d"},
        {"operator": "p"},
        {"protocol": "cheetah"},
        {"step": "other"},
        {"parties": manifest(FIRST).parties[::-1]},
    ],
)
def test_other_parameters_inputs_code_or_parties_begin_again(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    run(tmp_path)
    got, _, _ = resume(tmp_path, [[6, FIRST]], **changes)
    assert got is None


def test_scope_is_the_same_in_every_attempt() -> None:
    assert scope_of(SUITE, manifest(FIRST)) == scope_of(SUITE, manifest(SECOND, attempt=4))


def test_party_that_keeps_none_or_says_nonsense(tmp_path: Path) -> None:
    mine, told = checkpoint(None, manifest(SECOND))
    others = {alias: [[6, FIRST]] for alias in ("merchant", "helper")}
    assert mine.resume(Told("bank", others), NODES) is None  # type: ignore[arg-type]
    onlooker = mine.resume(Told("bank", others), ("merchant", "helper"))  # type: ignore[arg-type]
    assert onlooker is not None
    assert (onlooker.number, told) == (6, [6])
    with pytest.raises(BadInput):
        mine.resume(Told("bank", {"merchant": 7}), ("merchant",))  # type: ignore[arg-type]


def test_none_are_written_when_switched_off_and_a_full_disk_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    off = manifest(FIRST, parameters={"checkpoint_every": 0})
    mine, _ = checkpoint(tmp_path, off)
    assert mine.resume(Told("bank", {}), NODES) is None  # type: ignore[arg-type]
    mine.save(2, {})
    assert names(tmp_path) == set()
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    stuck, _ = checkpoint(blocked / "folder", manifest(FIRST))
    stuck.save(2, {"w": b""})
    assert "compute.checkpoint_not_written" in caplog.text
