"""Workers that outlived the node: found by pid and start time, so no other process is hit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_STAT_START_FIELD = 19  # field 22 of proc(5), counted after the command name
WAIT_S = 5.0


def start_time(pid: int) -> str:
    """When a process started, as the system tells it; empty when there is no such process.

    Together with the pid it names a process: pids are reused, start times of one pid are not.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _start_time_by_ps(pid)
    except (ProcessLookupError, PermissionError):
        return ""
    fields = stat.rpartition(")")[2].split()
    # A zombie has ended; only its parent has not looked yet.
    return "" if fields[0] == "Z" else fields[_STAT_START_FIELD]


def _start_time_by_ps(pid: int) -> str:
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def is_alive(pid: int, started: str) -> bool:
    """Whether that very process still runs."""
    return bool(started) and start_time(pid) == started


def kill_process(pid: int, started: str) -> bool:
    """Kill that very process and wait for its end; True when it was there.

    It leads a session of its own, so what it started goes with it.
    """
    if not is_alive(pid, started):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + WAIT_S
    while is_alive(pid, started) and time.monotonic() < until:
        time.sleep(0.02)
    return True
