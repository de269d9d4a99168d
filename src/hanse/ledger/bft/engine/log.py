"""The engine's log file: bounded, and read for the reason when the engine ends."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from hanse.ledger.bft.engine.errors import (
    ApplicationAhead,
    ApplicationBehind,
    ApplicationDiverged,
    EngineClockBehind,
    EngineDiskFull,
    EngineFailed,
    EnginePortTaken,
)

MAX_LOG_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 256 * 1024
_LINES_SHOWN = 5
_LINE_CHARACTERS = 300
# What the engine says, and what it means.
_MEANINGS: tuple[tuple[str, type[EngineFailed]], ...] = (
    ("is higher than core", ApplicationAhead),
    ("is too far below block store base", ApplicationBehind),
    ("does not match AppHash after replay", ApplicationDiverged),
    ("no space left on device", EngineDiskFull),
    ("is too far in the future (wall clock", EngineClockBehind),
    ("address already in use", EnginePortTaken),
)
# Where the engine has no state at all it complains about the application's hash as well, and
# expects none: it was emptied while the application was not.
_EMPTIED = ", expected ."
_HALTED = b"CONSENSUS FAILURE!!!"
_PLAIN_STARTS = ("panic:", "ERROR:", "fatal error:", "failed to", "the node ended", "prctl failed")


def bound_log(path: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
    """Keep a log within bounds: its content moves to ``.1`` and it begins again, empty.

    The engine appends, so it goes on at the new beginning; lines of that moment may be lost.
    """
    if path.exists() and path.stat().st_size > max_bytes:
        older = path.with_name(path.name + ".1")
        shutil.copyfile(path, older)
        older.chmod(0o600)
        os.truncate(path, 0)


def open_log(path: Path) -> int:
    """A descriptor that appends to the log; mode 0600."""
    bound_log(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def failure_of(path: Path, begin: int, ended: str) -> EngineFailed:
    """Why the engine ended, from what it logged.

    Args:
        path: the log.
        begin: where in the log this run of the engine began, bytes.
        ended: how it ended, for people.
    """
    text = _tail(path, begin)
    lines = _telling(text)
    kind = next((kind for said, kind in _MEANINGS if any(said in each for each in lines)), None)
    if kind is ApplicationDiverged and f"{_EMPTIED}\n" in text:
        kind = ApplicationAhead
    shown = " | ".join(line[:_LINE_CHARACTERS] for line in lines[-_LINES_SHOWN:])
    return (kind or EngineFailed)(f"the engine {ended}: {shown or 'it logged no reason'}")


class HaltWatch:
    """Looks in the log for the engine having given up consensus while its process lives on.

    After an error it cannot handle, a full disk for instance, the engine stops taking part but
    goes on to answer.

    Args:
        path: the log.
        begin: where in the log this run of the engine began, bytes.
    """

    def __init__(self, path: Path, begin: int) -> None:
        self._path = path
        self._looked = begin

    def has_halted(self) -> bool:
        """Whether it says so in what was logged since the last look."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                # After the log was bounded, what is new begins at its beginning.
                file.seek(self._looked if self._looked <= size else 0)
                said = file.read()
        except OSError:
            return False
        # What may be the beginning of the words is looked at again.
        self._looked = size - min(len(said), len(_HALTED) - 1)
        return _HALTED in said


def _tail(path: Path, begin: int) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # After the log was bounded, this run began before the file does.
            begin = begin if begin <= size else 0
            file.seek(max(begin, size - _TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _telling(text: str) -> list[str]:
    """Lines that tell of trouble: errors in JSON, and panics, which are plain text."""
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            found.extend(_error_of(line))
        elif line.startswith(_PLAIN_STARTS):
            found.append(line)
    return found


def _error_of(line: str) -> list[str]:
    try:
        entry = json.loads(line)
    except ValueError:
        return []
    if not isinstance(entry, dict) or entry.get("level") not in ("error", "crit"):
        return []
    said = [str(entry[key]) for key in ("_msg", "err", "error") if entry.get(key)]
    return [": ".join(said)]
