"""What every attempt at this node shares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hanse.collaboration.engine.inputs import Inputs
from hanse.collaboration.engine.journal import Journal
from hanse.collaboration.engine.signals import Signals
from hanse.collaboration.engine.slots import Slots
from hanse.collaboration.ports import (
    AlgorithmPort,
    LedgerPort,
    MembersPort,
    PeerPort,
    PolicyPort,
    StorePort,
    WorkerPort,
)
from hanse.compute.attestation import AttestationPolicy


def system_clock() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class EngineSettings:
    """How this node takes part.

    Attributes:
        work_dir: scratch of running tasks; encrypted file system, wiped.
        cache_dir: compiled programs between tasks; None keeps none.
        checkpoint_dir: checkpoints of steps under way, which outlive a restart; None keeps none.
        lists_dir: lists of keys for unbalanced intersections, between tasks; None keeps none.
        lists_key: they are sealed under it, ``suite.key_bytes``.
        link_host: host the other parties reach this node's workers at.
        first_port, last_port: declared range for computing links, inclusive; 0 lets the
            system choose.
        max_tasks: workers that should run at a time.
        memory_bytes: lent to all workers together and the most one may take; 0 is no limit.
        cores: processor cores lent to all workers together; 0 is all.
        policies: attested workers this node accepts.
        collateral: file with what quotes of this node's own hardware are checked with, read anew
            for each task; None when it has no such hardware.
        connect_timeout_ms: how long a worker waits for all parties to be there.
        link_timeout_ms: silence after which a worker gives a party up.
        retry_s: pause before something that failed for want of a peer is tried again.
        resend_s: how often an offer is repeated while another party's is missing.
        tick_s: how often deadlines are looked at.
    """

    work_dir: Path
    cache_dir: Path | None = None
    checkpoint_dir: Path | None = None
    lists_dir: Path | None = None
    lists_key: bytes = b""
    link_host: str = "127.0.0.1"
    first_port: int = 0
    last_port: int = 0
    max_tasks: int = 4
    memory_bytes: int = 0
    cores: int = 0
    policies: Sequence[AttestationPolicy] = ()
    collateral: Path | None = None
    connect_timeout_ms: int = 60_000
    link_timeout_ms: int = 15_000
    retry_s: float = 0.5
    resend_s: float = 5.0
    tick_s: float = 1.0


@dataclass
class EngineContext:
    """Ports, journal and the engine's own parts."""

    did: str
    ledger: LedgerPort
    peers: PeerPort
    store: StorePort
    workers: WorkerPort
    members: MembersPort
    policy: PolicyPort
    journal: Journal
    inputs: Inputs
    slots: Slots
    algorithms: AlgorithmPort | None
    settings: EngineSettings
    clock: Callable[[], int] = system_clock
    signals: Signals = field(default_factory=Signals)
    background: set[asyncio.Task[None]] = field(default_factory=set)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something nobody waits for; the engine waits when it closes."""
        task = asyncio.ensure_future(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
