"""Nodes, sets of validators, votes on them and reports of faults."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert

from hanse.contracts.validators import events
from hanse.contracts.validators.types import GenesisValidator, NodeRecord, ValidatorsGenesis
from hanse.ledger.validators import Validator
from hanse.node.views.fact import Fact, Projection, put
from hanse.node.views.tables import fault_reports, nodes, validator_sets, validator_votes

projection = Projection("validators")


def start(connection: Connection, genesis: ValidatorsGenesis) -> None:
    """The validators that vote from the first block on."""
    for place, preset in enumerate(genesis.validators):
        values = {
            "position": place,
            "name": preset.name,
            "engine_public": preset.engine_public,
            "certificate_public": preset.certificate_public,
            "node_id": preset.node_id,
            "address": preset.address,
            "registered_height": 0,
            "updated_height": 0,
        }
        put(connection, nodes, {"did": preset.did}, values)
    _put_set(connection, 0, sorted(genesis.validators, key=lambda preset: preset.did))


@projection.on(events.NodeRegistered)
def registered(connection: Connection, fact: Fact, event: events.NodeRegistered) -> None:
    """A new node."""
    put(connection, nodes, {"did": event.did}, {"position": fact.position, **_row(event.node)})


@projection.on(events.NodeUpdated, events.KeysReplaced)
def updated(
    connection: Connection, _fact: Fact, event: events.NodeUpdated | events.KeysReplaced
) -> None:
    """Other addresses or keys."""
    put(connection, nodes, {"did": event.did}, _row(event.node))


@projection.on(events.NodeDeregistered)
def deregistered(connection: Connection, _fact: Fact, event: events.NodeDeregistered) -> None:
    """No node any more."""
    connection.execute(delete(nodes).where(nodes.c.did == event.did))


@projection.on(events.ValidatorSetChanged)
def set_changed(connection: Connection, _fact: Fact, event: events.ValidatorSetChanged) -> None:
    """Another set from a height on; the last one decided for it counts."""
    same = validator_sets.c.from_height == event.from_height
    connection.execute(delete(validator_sets).where(same))
    _put_set(connection, event.from_height, event.validators)


@projection.on(events.ValidatorVoted)
def voted(connection: Connection, fact: Fact, event: events.ValidatorVoted) -> None:
    """A wish in place of an earlier one."""
    values = {
        "position": fact.position,
        "power": event.power,
        "height": fact.height,
        "time_ms": fact.time_ms,
        "expires_ms": event.expires_ms,
        "transaction": fact.transaction,
    }
    put(connection, validator_votes, {"did": event.did, "voter": event.voter}, values)


@projection.on(events.ValidatorDecided, events.ValidatorExpelled)
def settled(
    connection: Connection,
    _fact: Fact,
    event: events.ValidatorDecided | events.ValidatorExpelled,
) -> None:
    """No open wishes about its subject."""
    connection.execute(delete(validator_votes).where(validator_votes.c.did == event.did))


@projection.on(events.FaultReported)
def reported(connection: Connection, fact: Fact, event: events.FaultReported) -> None:
    """One report; it stays."""
    connection.execute(
        insert(fault_reports).values(
            position=fact.position,
            offender=event.offender,
            fault_height=event.height,
            kind=event.kind,
            reporter=event.reporter,
            evidence=event.evidence,
            height=fact.height,
            time_ms=fact.time_ms,
            expires_ms=event.expires_ms,
            transaction=fact.transaction,
        )
    )


def _row(node: NodeRecord) -> dict[str, object]:
    return {
        "name": node.name,
        "engine_public": node.engine_public,
        "certificate_public": node.certificate_public,
        "node_id": node.node_id,
        "address": node.address,
        "registered_height": node.registered_height,
        "updated_height": node.updated_height,
    }


def _put_set(
    connection: Connection, from_height: int, validators: Iterable[Validator | GenesisValidator]
) -> None:
    rows = [
        {
            "from_height": from_height,
            "place": place,
            "did": validator.did,
            "engine_public": validator.engine_public,
            "certificate_public": validator.certificate_public,
            "power": validator.power,
        }
        for place, validator in enumerate(validators)
    ]
    if rows:
        connection.execute(insert(validator_sets), rows)
