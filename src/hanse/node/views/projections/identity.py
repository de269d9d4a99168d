"""Members and where they can be reached."""

from __future__ import annotations

from sqlalchemy import Connection

from hanse.contracts.identity import events
from hanse.contracts.identity.types import IdentityGenesis, MemberRecord
from hanse.identity.did import DidDocument
from hanse.node.services import NODE_SERVICE
from hanse.node.views.fact import Fact, Projection, change, put
from hanse.node.views.tables import members

projection = Projection("identity")


def start(connection: Connection, genesis: IdentityGenesis) -> None:
    """The members that exist from the start."""
    for place, member in enumerate(genesis.members):
        record = MemberRecord(
            did=member.document.id,
            name=member.name,
            roles=member.roles,
            controller=member.controller,
        )
        _put(connection, place, 0, record, member.document)


@projection.on(events.MemberRegistered)
def registered(connection: Connection, fact: Fact, event: events.MemberRegistered) -> None:
    """A new member."""
    _put(connection, fact.position, fact.height, event.member, event.document)


@projection.on(events.MemberRolesSet)
def roles_set(connection: Connection, _fact: Fact, event: events.MemberRolesSet) -> None:
    """Other roles or controller."""
    roles = ",".join(event.member.roles)
    controller = event.member.controller
    change(connection, members, {"did": event.did}, roles=roles, controller=controller)


@projection.on(events.DocumentUpdated, events.KeyRotated)
def document(
    connection: Connection, _fact: Fact, event: events.DocumentUpdated | events.KeyRotated
) -> None:
    """Other endpoints."""
    endpoint = event.document.endpoint(NODE_SERVICE)
    change(connection, members, {"did": event.did}, endpoint=endpoint)


@projection.on(events.MemberSuspended)
def suspended(connection: Connection, _fact: Fact, event: events.MemberSuspended) -> None:
    """No powers for now."""
    key = {"did": event.did}
    change(connection, members, key, state="SUSPENDED", reason=event.reason)


@projection.on(events.MemberReinstated)
def reinstated(connection: Connection, _fact: Fact, event: events.MemberReinstated) -> None:
    """Powers again."""
    change(connection, members, {"did": event.did}, state="ACTIVE", reason=event.reason)


@projection.on(events.MemberRemoved, events.DidDeactivated)
def removed(
    connection: Connection, _fact: Fact, event: events.MemberRemoved | events.DidDeactivated
) -> None:
    """Gone for good."""
    change(connection, members, {"did": event.did}, state="REMOVED", reason=event.reason)


def _put(
    connection: Connection, position: int, height: int, member: MemberRecord, doc: DidDocument
) -> None:
    values = {
        "position": position,
        "name": member.name,
        "roles": ",".join(member.roles),
        "controller": member.controller,
        "state": member.state,
        "reason": member.reason,
        "endpoint": doc.endpoint(NODE_SERVICE),
        "registered_height": height,
    }
    put(connection, members, {"did": member.did}, values)
