"""Computing nodes without the product around them: processes on this machine, links over TLS."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hanse.compute.engines.link import Identity, Link, Member
from hanse.compute.rehearsal import Rehearsal
from hanse.crypto.tls import make_task_certificate

PATIENCE_S = 900


def run_alone(
    folder: Path, roles: Any, work: Callable[..., Any], given: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """Run a function at every node at once; returns what it gave at each, in no order.

    Args:
        folder: where files may go.
        roles: as for `Rehearsal`; every party computes.
        work: of a module; called with the node's link and what is given to it.
        given: for each node, by rank.
    """
    requests = Rehearsal(folder).requests("summary", roles, {})
    parties = next(iter(requests.values())).manifest.parties
    until = round(time.time() * 1000) + 3_600_000
    pairs = {party.alias: make_task_certificate(party.alias, until) for party in parties}
    members = [Member(p.alias, p.endpoints["compute"], pairs[p.alias][0]) for p in parties]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = []
    for rank, alias in enumerate(pairs):
        identity = Identity(*pairs[alias])
        arguments = (alias, members, identity, work, given[rank], results)
        processes.append(context.Process(target=_node, args=arguments))
    for process in processes:
        process.start()
    found = [results.get(timeout=PATIENCE_S) for _ in processes]
    for process in processes:
        process.join()
    return found


def _node(
    alias: str,
    members: list[Member],
    identity: Identity,
    work: Callable[..., Any],
    given: tuple[Any, ...],
    results: Any,
) -> None:
    silence_ms = PATIENCE_S * 1000
    link = Link(
        "compute",
        members,
        alias,
        identity,
        connect_timeout_ms=60_000,
        silence_timeout_ms=silence_ms,
    )
    results.put(work(link, *given))
    link.exchange("done")
    time.sleep(0.3)  # the last message is still on its way
