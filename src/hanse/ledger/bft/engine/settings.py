"""What can be set about the engine, typed. Everything else follows from the genesis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hanse.ledger.bft.engine.errors import BadEngineSettings

_NODE_ID = re.compile(r"[0-9a-f]{40}")
_HOST = re.compile(r"[A-Za-z0-9.:\-\[\]]{1,253}")
_HASH = re.compile(r"[0-9A-Fa-f]{64}")
_LOG_LEVELS = ("debug", "info", "error", "none")
LogLevel = Literal["debug", "info", "error", "none"]


@dataclass(frozen=True)
class Peer:
    """Another engine.

    Attributes:
        node_id: 40 lower-case hex digits.
        host: name or address.
        port: 1 to 65,535.
    """

    node_id: str
    host: str
    port: int

    def __post_init__(self) -> None:
        if not _NODE_ID.fullmatch(self.node_id):
            raise BadEngineSettings("a node id has 40 lower-case hex digits")
        check_endpoint(self.host, self.port)

    def __str__(self) -> str:
        return f"{self.node_id}@{self.host}:{self.port}"


@dataclass(frozen=True)
class Timeouts:
    """How long a round waits, milliseconds. ``*_more`` is added with each round that failed.

    Small networks with links of a few milliseconds; raise `propose` where blocks of the largest
    size take longer than that to reach everybody.
    """

    propose: int = 1_000
    propose_more: int = 200
    vote: int = 300
    vote_more: int = 200
    commit: int = 10

    def __post_init__(self) -> None:
        if min(self.propose, self.propose_more, self.vote, self.vote_more) <= 0 or self.commit < 0:
            raise BadEngineSettings("time-outs are positive")


@dataclass(frozen=True)
class StateSync:
    """Begin from a snapshot of other nodes instead of from block 1.

    Attributes:
        servers: RPC endpoints of two or more engines, ``host:port``.
        trust_height: a height whose header is known.
        trust_hash: the engine's hash of that header, hex.
        trust_hours: how long the validators of that header are trusted.
    """

    servers: tuple[str, ...]
    trust_height: int
    trust_hash: str
    trust_hours: int = 168

    def __post_init__(self) -> None:
        if len(self.servers) < 2:
            raise BadEngineSettings("state sync compares at least two servers")
        if self.trust_height < 1 or self.trust_hours < 1 or not _HASH.fullmatch(self.trust_hash):
            raise BadEngineSettings("state sync needs a trusted height and its hash")


@dataclass(frozen=True)
class EngineSettings:
    """Settings of one node's engine.

    Attributes:
        moniker: name shown to peers.
        host: address to listen on for other engines.
        port: 1 to 65,535.
        external: ``host:port`` that others reach it at; empty when it is `host` and `port`.
        peers: engines to keep links to.
        prometheus_port: loopback port of the engine's metrics; 0 for none.
        mempool_transactions: most transactions waiting.
        mempool_bytes: most bytes of transactions waiting.
        timeouts: of consensus.
        log_level: of the engine's log file.
        state_sync: begin from a snapshot; None to replay from block 1.
    """

    moniker: str
    host: str = "127.0.0.1"
    port: int = 26_656
    external: str = ""
    peers: tuple[Peer, ...] = ()
    prometheus_port: int = 0
    mempool_transactions: int = 20_000
    mempool_bytes: int = 256 * 1024 * 1024
    timeouts: Timeouts = Timeouts()
    log_level: LogLevel = "info"
    state_sync: StateSync | None = None

    def __post_init__(self) -> None:
        check_endpoint(self.host, self.port)
        if self.external:
            host, _, port = self.external.rpartition(":")
            check_endpoint(host, int(port) if port.isdecimal() else 0)
        if not 0 <= self.prometheus_port <= 65_535:
            raise BadEngineSettings("a port lies between 1 and 65,535; 0 switches metrics off")
        if self.mempool_transactions < 1 or self.mempool_bytes < 1:
            raise BadEngineSettings("the mempool holds at least one transaction")
        if self.log_level not in _LOG_LEVELS:
            raise BadEngineSettings(f"log levels are {', '.join(_LOG_LEVELS)}")


def check_endpoint(host: str, port: int) -> None:
    """Raises BadEngineSettings unless this is a host and a port."""
    if not _HOST.fullmatch(host):
        raise BadEngineSettings(f"{host[:80]!r} is no host")
    if not 1 <= port <= 65_535:
        raise BadEngineSettings("a port lies between 1 and 65,535")
