"""What the operators of private retrieval share: who is who, terms, and publishing a set-up."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import AmbiguousColumn, BadInput, BadRoles
from hanse.compute.operators.retrieval import service
from hanse.compute.operators.retrieval.errors import BadAnswer
from hanse.compute.operators.retrieval.service import Entries, ServicePart, Terms
from hanse.compute.operators.retrieval.texts import FAMILY
from hanse.crypto.keystream import SEED_BYTES

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task


def asker_of(task: Task) -> str:
    """The one receiver.

    Raises:
        BadRoles: when there are several.
    """
    if len(task.parties("receiver")) != 1:
        raise BadRoles(f"{task.spec.name} has one receiver, the asker")
    return task.parties("receiver")[0]


def holder_of(task: Task) -> str:
    """The one owner that is not the asker.

    Raises:
        BadRoles: when there is none, or several.
    """
    holders = [alias for alias in task.parties("owner") if alias != asker_of(task)]
    if len(holders) != 1:
        raise BadRoles(f"{task.spec.name} has one holder of the table, and the asker is another")
    return holders[0]


def read_entries(task: Task) -> tuple[Terms, Entries]:
    """The holder's table by the step's parameters, checked."""
    table, readable = task.table("table"), task.readable("table")
    granted = {column.name for column in readable}
    keys, named = task.texts("table_key"), task.texts("payload")
    for name in named:
        if name not in granted:
            raise BadInput(f"the table has no payload column {name!r}")
    payload = [c for c in readable if (c.name in named if named else c.name not in keys)]
    terms = Terms(
        id=secrets.token_hex(16),
        key_type=task.text("key_type"),
        case=task.text("case"),
        key_columns=len(keys),
        matches=task.integer("matches"),
        columns=payload,
    )
    return terms, service.enter(table, keys, terms, granted)


def publish(task: Task, link: Link, terms: Terms, entries: Entries) -> ServicePart:
    """Set the table up and send the asker its part; returns the holder's."""
    task.phase("set up")
    total = len(entries.keys)
    seed = secrets.token_bytes(SEED_BYTES)
    part, hint = service.set_up(entries, terms, seed, lambda done: task.progress(done, total))
    asker_part = msgspec.structs.replace(part, secret=b"", data=b"", hint=hint)
    link.send(asker_of(task), msgspec.msgpack.encode(asker_part))
    return part


def subscribe(task: Task, link: Link) -> ServicePart:
    """Wait for the asker's part of a set-up."""
    task.phase("set up")
    try:
        return msgspec.msgpack.decode(link.receive(holder_of(task)), type=ServicePart)
    except msgspec.DecodeError as error:
        raise BadAnswer("the holder's set-up does not decode") from error


def given_part(task: Task) -> ServicePart:
    """This party's part of the input service.

    Raises:
        BadInput: when it is another kind of model.
    """
    part: ServicePart = task.payload("service", ServicePart)
    if part.family != FAMILY:
        raise BadInput("the input is a model, not a table set up for retrieval")
    return part


def refuse_equal_names(keys: list[str], terms: Terms) -> None:
    """The result has the asker's key columns beside the payload, so no two may be named alike.

    Raises:
        AmbiguousColumn: naming one.
    """
    for column in terms.columns:
        if column.name in keys:
            raise AmbiguousColumn(f"{column.name!r} is a payload column and a key of the asker")


def facts_of(terms: Terms) -> dict[str, Any]:
    """What the holder tells before anything is computed."""
    facts: dict[str, Any] = msgspec.to_builtins(terms)
    return facts
