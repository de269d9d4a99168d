"""What ends a task from outside: a lost peer, too much memory, the deadline, a signal.

The engines block in library code for long, so a thread of its own watches and ends the process.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hanse.compute.errors import Cancelled, MemoryExceeded, PeerLost, TaskError, TimedOut
from hanse.compute.worker.probe import Probe

PROBE_INTERVAL_S = 0.5


class Watch:
    """Checks on peers, the node, memory and time until it is stopped.

    Args:
        on_failure: called once, on the watching thread, with the reason.
        memory_limit_bytes: resident memory allowed; 0 for any.
        deadline_ms: time allowed; 0 for any.
    """

    def __init__(
        self,
        on_failure: Callable[[TaskError], None],
        *,
        memory_limit_bytes: int,
        deadline_ms: int,
    ) -> None:
        self._on_failure = on_failure
        self._memory = memory_limit_bytes
        self._deadline = time.monotonic() + deadline_ms / 1000 if deadline_ms else None
        self._limited: tuple[float, TaskError] | None = None
        self._peers: Mapping[str, Probe] = {}
        self._parent = os.getppid()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns at once."""
        self._stopped.set()

    def peers(self, peers: Mapping[str, Probe]) -> None:
        """Watch these from now on, by alias. None ends watching peers."""
        self._peers = peers

    def limit(self, seconds: float, failure: TaskError) -> None:
        """End the task with this failure unless `unlimit` comes in time."""
        self._limited = (time.monotonic() + seconds, failure)

    def unlimit(self) -> None:
        """What had a limit is done."""
        self._limited = None

    def _run(self) -> None:
        while not self._stopped.wait(PROBE_INTERVAL_S):
            failure = self._failure()
            if failure is not None and not self._stopped.is_set():
                self._on_failure(failure)
                return

    def _failure(self) -> TaskError | None:
        if os.getppid() != self._parent:
            return Cancelled("the node that started the task ended")
        if self._memory and resident_bytes() > self._memory:
            return MemoryExceeded(f"the task needed more than {self._memory >> 20} MiB")
        if self._deadline is not None and time.monotonic() > self._deadline:
            return TimedOut("the task did not finish in the time it was given")
        limited = self._limited
        if limited is not None and time.monotonic() > limited[0]:
            return limited[1]
        watched = self._peers
        for alias, peer in list(watched.items()):
            if peer.is_lost() and watched is self._peers:
                return PeerLost(blamed=alias)
        return None


def resident_bytes() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """The most resident memory this process has had."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10
