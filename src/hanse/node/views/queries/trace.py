"""The audit trace: from any identifier to every fact about it and about what it hangs on.

A flow hangs on its grants and datasets, a grant on its dataset and on the flows that used it,
and so on. Members are shown but not followed: through an organisation everything is connected.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Connection, select

from hanse.api.evidence import TraceEntry, TraceView
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import names
from hanse.node.views.tables import fact_subjects, facts

MAXIMUM_FACTS = 5_000
_KINDS = {
    "ds": "dataset",
    "gr": "grant",
    "fl": "flow",
    "ev": "evidence",
    "rs": "resource",
    "sl": "status list",
}
# From which kind of subject to which other kinds the trace goes on.
_FOLLOWED = {
    "flow": {"grant", "dataset", "evidence"},
    "grant": {"dataset"},
    "evidence": {"flow"},
    "dataset": set[str](),
}
_TRANSACTION = re.compile(r"[0-9a-f]{64}\Z")


def trace(connection: Connection, subject: str) -> TraceView:
    """Everything about a dataset, grant, flow, evidence, member or transaction, oldest first.

    Facts about a flow's grants are those before and during the flow's own use; other flows of
    the same grant are named in ``related`` only.

    Raises:
        NothingFound: the ledger knows nothing under that identifier.
    """
    kind = kind_of(subject)
    positions = _positions(connection, subject)
    if not positions:
        raise NothingFound("the ledger knows nothing under this identifier")
    related = _related(connection, subject, positions)
    for other in sorted(related):
        if kind_of(other) in _FOLLOWED.get(kind, ()):
            positions |= _without_other_flows(connection, other, subject)
    known = names(connection)
    entries = _entries(connection, positions, known)
    seen = {name for entry in entries for name in entry.subjects} - {subject}
    return TraceView(subject=subject, kind=kind, related=sorted(seen | related), entries=entries)


def kind_of(subject: str) -> str:
    """What sort of thing an identifier names."""
    if subject.startswith("did:"):
        return "member"
    if _TRANSACTION.match(subject):
        return "transaction"
    return _KINDS.get(subject.partition("-")[0], "other")


def _positions(connection: Connection, subject: str) -> set[int]:
    query = (
        select(fact_subjects.c.position)
        .where(fact_subjects.c.subject == subject)
        .order_by(fact_subjects.c.position)
        .limit(MAXIMUM_FACTS)
    )
    return set(connection.execute(query).scalars())


def _related(connection: Connection, subject: str, positions: set[int]) -> set[str]:
    found: set[str] = set()
    for chunk in _chunks(sorted(positions)):
        query = select(fact_subjects.c.subject).where(fact_subjects.c.position.in_(chunk))
        found |= set(connection.execute(query.distinct()).scalars())
    return found - {subject}


def _without_other_flows(connection: Connection, other: str, subject: str) -> set[int]:
    """Facts about a related thing that do not belong to a different flow."""
    kept: set[int] = set()
    for chunk in _chunks(sorted(_positions(connection, other))):
        query = select(fact_subjects.c.position, fact_subjects.c.subject).where(
            fact_subjects.c.position.in_(chunk)
        )
        flows: dict[int, set[str]] = {position: set() for position in chunk}
        for position, name in connection.execute(query):
            if kind_of(name) == "flow":
                flows[position].add(name)
        kept |= {position for position, named in flows.items() if named <= {subject}}
    return kept


def _entries(
    connection: Connection, positions: set[int], known: dict[str, str]
) -> list[TraceEntry]:
    entries: list[TraceEntry] = []
    for chunk in _chunks(sorted(positions)[:MAXIMUM_FACTS]):
        subjects: dict[int, list[str]] = {position: [] for position in chunk}
        query = select(fact_subjects).where(fact_subjects.c.position.in_(chunk))
        for name, position in connection.execute(query):
            subjects[position].append(name)
        rows = connection.execute(
            select(facts).where(facts.c.position.in_(chunk)).order_by(facts.c.position)
        ).mappings()
        for row in rows:
            data: dict[str, Any] = json.loads(row["data"])
            entries.append(
                TraceEntry(
                    time_ms=row["time_ms"],
                    height=row["height"],
                    transaction=row["transaction"],
                    actor=row["sender"],
                    actor_name=known.get(row["sender"], ""),
                    contract=row["contract"],
                    event=row["event"],
                    subjects=sorted(set(subjects[row["position"]]) - {row["transaction"]}),
                    data=data,
                )
            )
    return entries


def _chunks(positions: list[int], size: int = 400) -> list[list[int]]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]
