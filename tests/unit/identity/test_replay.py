"""Replay guards: once each, also after a restart, bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hanse.identity.errors import ReplayGuardFull
from hanse.identity.replay import MemoryReplayGuard, ReplayGuard, SqliteReplayGuard

Make = Callable[[int], ReplayGuard]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    opened: list[SqliteReplayGuard] = []

    def build(limit: int) -> ReplayGuard:
        if request.param == "memory":
            return MemoryReplayGuard(limit)
        opened.append(SqliteReplayGuard(tmp_path / "replay.db", limit))
        return opened[-1]

    yield build
    for guard in opened:
        guard.close()


def test_a_key_is_admitted_once_until_it_expires(make: Make) -> None:
    guard = make(10)
    assert guard.admit("a", 1_000, 0)
    assert not guard.admit("a", 1_000, 1)
    assert not guard.admit("a", 5_000, 1_000)
    assert guard.admit("b", 1_000, 1)
    assert guard.admit("a", 2_000, 1_001)
    assert not guard.admit("a", 2_000, 1_500)


def test_expired_keys_make_room_and_a_full_guard_refuses(make: Make) -> None:
    guard = make(3)
    for key in "abc":
        assert guard.admit(key, 1_000, 0)
    with pytest.raises(ReplayGuardFull):
        guard.admit("d", 1_000, 1_000)
    assert guard.admit("d", 2_000, 1_001)


def test_threads_admit_a_key_once(make: Make) -> None:
    guard, admitted = make(100), []

    def work() -> None:
        admitted.extend(key for key in range(10) if guard.admit(str(key), 1_000, 0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == list(range(10))


def test_sqlite_remembers_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "replay.db"
    first = SqliteReplayGuard(path)
    assert first.admit("a", 1_000, 0)
    second = SqliteReplayGuard(path)  # the first was never closed: a crash
    assert not second.admit("a", 1_000, 1)
    assert second.admit("b", 1_000, 1)
    assert not first.admit("b", 1_000, 1)
    first.close()
    second.close()
