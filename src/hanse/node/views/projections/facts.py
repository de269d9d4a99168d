"""Every fact as it was, and the subjects it is about: the ground of the audit trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, insert

from hanse.node.views.fact import Fact, to_json
from hanse.node.views.tables import fact_subjects, facts

# Identifiers and DIDs; everything a fact names is a subject of it.
_SUBJECT = re.compile(r"(?:did:hanse:[a-z2-7]{32}|[a-z]{2,8}-[a-z2-7]{26})\Z")
_ESCROW = re.compile(r"([a-z]{2,8}-[a-z2-7]{26})(?:[:/.#-].*)\Z")


def record(connection: Connection, fact: Fact) -> None:
    """Write a fact and its subjects."""
    connection.execute(
        insert(facts).values(
            position=fact.position,
            height=fact.height,
            time_ms=fact.time_ms,
            transaction=fact.transaction,
            sender=fact.sender,
            contract=fact.contract,
            event=fact.event,
            data=to_json(fact.data),
        )
    )
    subjects = {found for text in _strings(fact.data) for found in _subjects(text)}
    subjects |= {fact.transaction, fact.sender} - {""}
    rows = [{"subject": name, "position": fact.position} for name in sorted(subjects)]
    connection.execute(insert(fact_subjects), rows)


def _subjects(text: str) -> Iterator[str]:
    if _SUBJECT.match(text):
        yield text
    elif derived := _ESCROW.match(text):  # an escrow is named after its flow
        yield derived.group(1)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
