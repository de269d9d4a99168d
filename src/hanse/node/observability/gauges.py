"""Gauges that are read when somebody asks for the metrics."""

from __future__ import annotations

from collections.abc import Callable

from hanse.core.errors import HanseError
from hanse.node.network import Network
from hanse.node.node import Node


def watch_node(node: Node) -> None:
    """Register the node's gauges; docs/operations.md says what each alarm means."""
    watch = node.host.metrics.watch
    watch("hanse_users", "User accounts", _guarded(node.accounts.count))
    watch("hanse_sessions", "Open sessions", _guarded(node.tokens.count_sessions))
    watch("hanse_audit_length", "Entries of the audit log", _guarded(_audit_length(node)))
    watch(
        "hanse_audit_unanchored",
        "Entries after the last anchor",
        _guarded(lambda: node.host.audit.head().length - node.host.audit.last_anchor_length()),
    )
    watch(
        "hanse_background_failures",
        "Parts of the node that fail now",
        lambda: float(len(node.background.failures)),
    )
    _watch_network(node)


def _watch_network(node: Node) -> None:
    def of_network(read: Callable[[Network], float]) -> Callable[[], float]:
        return lambda: 0.0 if node.network is None else float(read(node.network))

    watch = node.host.metrics.watch
    watch("hanse_ledger_height", "Last committed block", of_network(lambda net: net.ledger.height))
    watch(
        "hanse_ledger_pending",
        "Transactions waiting for a block",
        of_network(lambda net: net.ledger.status().pending),
    )
    watch(
        "hanse_ledger_refused_blocks",
        "Blocks refused since start",
        of_network(lambda net: net.ledger.status().refused_blocks),
    )
    watch(
        "hanse_ledger_failing",
        "1 while the ledger cannot move",
        of_network(lambda net: float(bool(net.ledger.status().failure))),
    )
    watch(
        "hanse_ledger_stalled_seconds",
        "How long a block has been to be decided and was not",
        of_network(lambda net: net.ledger.status().stalled_seconds),
    )
    watch(
        "hanse_ledger_certified_height",
        "Newest block whose certificate is here",
        of_network(lambda net: net.ledger.certified_height),
    )
    watch(
        "hanse_ledger_validators",
        "Validators of the next block",
        of_network(lambda net: len(net.ledger.validators())),
    )
    watch("hanse_ledger_voting_power", "Own power among them", of_network(_own_power))
    watch(
        "hanse_ledger_engine_restarts",
        "Starts of the ordering engine after its end, since the node's start",
        of_network(lambda net: net.ledger.status().engine_restarts),
    )
    watch(
        "hanse_ledger_validator_faults",
        "Faults of validators seen since start",
        of_network(lambda net: net.ledger.status().validator_faults),
    )
    watch(
        "hanse_ledger_snapshot_failures",
        "Snapshots that were due and could not be taken, since start",
        of_network(lambda net: net.ledger.status().snapshot_failures),
    )
    watch(
        "hanse_views_behind",
        "Blocks the views are behind",
        of_network(lambda net: net.ledger.height - net.projector.height),
    )
    watch(
        "hanse_tasks_running",
        "Attempts of steps this node works on",
        of_network(lambda net: net.collaboration.engine.running),
    )


def _own_power(network: Network) -> int:
    own = network.identity.did
    return sum(v.power for v in network.ledger.validators() if v.did == own)


def _audit_length(node: Node) -> Callable[[], float]:
    return lambda: node.host.audit.head().length


def _guarded(read: Callable[[], float]) -> Callable[[], float]:
    """A gauge that cannot be read is NaN; the other metrics are answered all the same."""

    def safe() -> float:
        try:
            return float(read())
        except HanseError:
            return float("nan")

    return safe
