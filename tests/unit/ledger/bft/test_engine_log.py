"""Why the engine ended, read from its log; finding its program."""

import json
import os
from pathlib import Path

import pytest

from hanse.ledger.bft.engine.binary import VARIABLE, find_engine
from hanse.ledger.bft.engine.errors import (
    ApplicationAhead,
    ApplicationBehind,
    ApplicationDiverged,
    EngineClockBehind,
    EngineDiskFull,
    EngineFailed,
    EngineMissing,
    EnginePortTaken,
    WrongEngineVersion,
)
from hanse.ledger.bft.engine.log import HaltWatch, bound_log, failure_of, open_log


def line(message: str, level: str = "error", **more: str) -> str:
    return json.dumps({"level": level, "_msg": message, **more}) + "\n"


@pytest.mark.parametrize(
    ("logged", "kind"),
    [
        (
            "ERROR: error on replay: app block height (9) is higher than core (4)\n",
            ApplicationAhead,
        ),
        (
            "ERROR: app block height (1) is too far below block store base (8)\n",
            ApplicationBehind,
        ),
        (
            "panic: state.AppHash does not match AppHash after replay. Got\n\tAB, expected CD.\n",
            ApplicationDiverged,
        ),
        (
            "panic: state.AppHash does not match AppHash after replay. Got\n\tAB, expected .\n",
            ApplicationAhead,
        ),
        (line("write failed", err="write x: no space left on device"), EngineDiskFull),
        (
            "panic: +2/3 committed an invalid block: block time 2026-11-24 21:16:08 +0000 UTC is "
            "too far in the future (wall clock 2026-11-24 20:18:08 +0000 UTC + tolerance 1m0s)\n",
            EngineClockBehind,
        ),
        ("failed to listen: bind: address already in use\n", EnginePortTaken),
        (line("something else"), EngineFailed),
        ("", EngineFailed),
    ],
)
def test_reason_is_named(tmp_path: Path, logged: str, kind: type[EngineFailed]) -> None:
    log = tmp_path / "engine.log"
    log.write_text(line("fine", "info") + logged + "{broken\n[]\n")
    assert type(failure_of(log, 0, "ended with code 1")) is kind


def test_reason_of_an_earlier_run_is_not_taken(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("panic: no space left on device\n")
    begin = log.stat().st_size
    with log.open("a") as file:
        file.write(line("later"))
    error = failure_of(log, begin, "ended with code 1")
    assert type(error) is EngineFailed
    assert error.message == "the engine ended with code 1: later"


def test_missing_log_gives_a_named_error(tmp_path: Path) -> None:
    assert "no reason" in failure_of(tmp_path / "none", 0, "ended").message


def test_log_is_bounded_and_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    descriptor = open_log(log)
    os.write(descriptor, b"x" * 100)
    bound_log(log, max_bytes=100)
    assert log.stat().st_size == 100
    bound_log(log, max_bytes=99)
    os.write(descriptor, b"after")
    os.close(descriptor)
    assert log.read_bytes() == b"after"
    assert (tmp_path / "engine.log.1").read_bytes() == b"x" * 100
    assert failure_of(log, 5_000, "ended").message.startswith("the engine ended")


def program(path: Path, says: str) -> Path:
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def test_engine_named_is_taken_when_it_is_the_right_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = program(tmp_path / "cometbft", "0.38.25")
    assert find_engine(str(right)) == right
    monkeypatch.setenv(VARIABLE, str(right))
    assert find_engine() == right
    with pytest.raises(WrongEngineVersion):
        find_engine(str(program(tmp_path / "newer", "1.0.1")))


def test_engine_that_is_not_there_or_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="there is no"):
        find_engine(str(tmp_path / "none"))
    (tmp_path / "file").write_text("no program")
    with pytest.raises(EngineMissing, match="cannot be run"):
        find_engine(str(tmp_path / "file"))


def test_engine_that_gave_up_consensus_is_noticed_once_it_says_so(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text(line("CONSENSUS FAILURE!!!"))
    begin = log.stat().st_size  # that was an earlier run
    watch = HaltWatch(log, begin)
    assert not watch.has_halted()
    with log.open("a") as file:
        file.write(line("finalizing commit", "info") + '{"_msg":"CONSENSUS FAIL')
    assert not watch.has_halted()
    with log.open("a") as file:
        file.write('URE!!!","err":"write wal: no space left on device","level":"error"}\n')
    assert watch.has_halted()
    assert isinstance(failure_of(log, begin, "gave up"), EngineDiskFull)


def test_halt_is_noticed_in_a_log_that_began_again(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text(line("starting", "info") * 50)
    watch = HaltWatch(log, 0)
    assert not watch.has_halted()
    bound_log(log, 100)
    with log.open("a") as file:
        file.write(line("CONSENSUS FAILURE!!!"))
    assert watch.has_halted()
