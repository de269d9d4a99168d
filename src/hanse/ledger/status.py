"""How a ledger is, at a glance."""

from __future__ import annotations

import msgspec


class LedgerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Health at a glance.

    Attributes:
        chain: chain id, hex.
        role: of this node: sequencer, follower or participant.
        base: lowest block kept here.
        height: last committed block.
        time_ms: its time, UTC ms.
        state_root: its state root, hex.
        pending: transactions waiting for a block (not at followers).
        failure: code of what keeps the ledger from moving now, or empty.
        stalled: code of why no block is decided now although one is to be, or empty.
        stalled_reason: the same for people.
        stalled_seconds: for how long a block has been to be decided.
        refused_blocks: number of blocks refused since start (the last hundred are kept).
        engine_restarts: how often the ordering engine was started again since start.
        validator_faults: what this node saw validators do wrong since start.
        snapshot_failures: snapshots that were due and could not be taken, since start.
    """

    chain: str
    role: str
    base: int
    height: int
    time_ms: int
    state_root: str
    pending: int
    failure: str
    stalled: str
    stalled_reason: str
    stalled_seconds: float
    refused_blocks: int
    engine_restarts: int
    validator_faults: int
    snapshot_failures: int
