"""Parallel verification: verdicts in order, processes that die, closing."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import Iterator

import pytest
from patience import PATIENCE_S

from hanse.crypto.suite import get_suite
from hanse.ledger.errors import LedgerClosed
from hanse.ledger.intake import verifiers as module
from hanse.ledger.intake import worker
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.intake.worker import Check

SUITE = get_suite("intl")
PRIVATE = SUITE.generate_signing_key()
PUBLIC = SUITE.signing_public(PRIVATE)


def check(number: int, good: bool = True) -> Check:
    message = b"m%d" % number
    signature = SUITE.sign(PRIVATE, "hanse/test/1", message)
    return (PUBLIC, "hanse/test/1", message if good else b"other", signature)


@pytest.fixture
def pool() -> Iterator[Verifiers]:
    opened = Verifiers("intl", 2)
    yield opened
    opened.close()


def processes(pool: Verifiers) -> list[int]:
    return [w._process.pid for w in pool._workers if w._process is not None]


def test_verdicts_come_in_order_from_processes(pool: Verifiers) -> None:
    expected = [number % 3 != 0 for number in range(400)]
    checks = [check(number, good) for number, good in enumerate(expected)]
    assert pool.verify_many(checks) == expected
    assert processes(pool)


def test_few_are_verified_without_any_process(pool: Verifiers) -> None:
    assert pool.verify_many([check(1), check(2, good=False)]) == [True, False]
    assert pool.verify_many([]) == []
    assert not processes(pool)


def test_malformed_keys_and_signatures_are_bad_not_fatal(pool: Verifiers) -> None:
    bad: list[Check] = [(b"", "d", b"m", b""), (PUBLIC, "d", b"m", b"short")]
    assert pool.verify_many(bad * 20) == [False] * 40


def test_killed_process_is_replaced_and_nothing_lost(pool: Verifiers) -> None:
    checks = [check(number) for number in range(200)]
    assert all(pool.verify_many(checks))
    for pid in processes(pool):
        os.kill(pid, signal.SIGKILL)
    assert all(pool.verify_many(checks))
    assert all(pool.verify_many(checks))
    assert processes(pool)


def test_process_that_cannot_start_is_done_without(
    pool: Verifiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys, "executable", "/nonexistent/python")
    assert all(pool.verify_many([check(number) for number in range(100)]))
    assert not processes(pool)


def test_idle_processes_end(pool: Verifiers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    assert all(pool.verify_many([check(number) for number in range(100)]))
    ends = time.monotonic() + PATIENCE_S
    while processes(pool):
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert all(pool.verify_many([check(number) for number in range(100)]))


async def test_waiting_for_single_verdicts_together(pool: Verifiers) -> None:
    expected = [number % 5 != 0 for number in range(300)]
    checks = [check(number, good) for number, good in enumerate(expected)]
    assert list(await asyncio.gather(*map(pool.verify, checks))) == expected


async def test_giving_up_waiting_hurts_nobody_else(pool: Verifiers) -> None:
    tasks = [asyncio.create_task(pool.verify(check(number))) for number in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(result is True for result in results) == 19


async def test_failure_of_a_worker_reaches_who_waits(
    pool: Verifiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise MemoryError

    monkeypatch.setattr(module, "holds", fail)
    with pytest.raises(MemoryError):
        await pool.verify(check(1))


async def test_closed_pool_says_so() -> None:
    pool = Verifiers("intl", 1)
    pool.close()
    pool.close()
    with pytest.raises(LedgerClosed):
        pool.verify_many([check(1)])


def test_worker_answers_frames_until_the_input_ends() -> None:
    frame = module._encoder.encode([check(1), check(2, good=False)])
    source = io.BytesIO((len(frame).to_bytes(4, "big") + frame) * 2 + b"\0")
    sink = io.BytesIO()
    worker.serve(SUITE, source, sink)
    assert sink.getvalue() == b"\1\0\1\0"
