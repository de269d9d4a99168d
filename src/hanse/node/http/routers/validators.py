"""Validators, nodes, votes on power and reports of faults."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hanse.api.base import Page, TransactionOutcome
from hanse.api.validators import (
    FaultReportView,
    RegisteredNodeView,
    RegisterNodeRequest,
    RotateValidatorKeysRequest,
    ValidatorView,
    ValidatorVoteView,
    VoteValidatorRequest,
)
from hanse.contracts.validators.errors import NoValidators
from hanse.contracts.validators.messages import (
    DeregisterNode,
    RegisterNode,
    UpdateNode,
    VoteValidator,
)
from hanse.contracts.validators.queries import get_newest_set, get_node
from hanse.node.errors import NoValidatorKeys
from hanse.node.http.acting import outcome, shown
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.network import Network
from hanse.node.views.queries import validators as queries

router = APIRouter()
Height = Annotated[int | None, Query(ge=0, le=2**53 - 1)]


@operation(router, "validators.list")
def list_validators(
    network: NetworkDep, page: PageDep, height: Height = None
) -> Page[ValidatorView]:
    """The set of the next block, or of a height."""
    wanted = network.ledger.height + 1 if height is None else height
    with network.views.read() as connection:
        return queries.list_validators(connection, page, wanted)


@operation(router, "validators.nodes")
def list_nodes(network: NetworkDep, page: PageDep) -> Page[RegisteredNodeView]:
    """Every registered node."""
    with network.views.read() as connection:
        return queries.list_nodes(connection, page)


@operation(router, "validators.votes")
def list_votes(network: NetworkDep, page: PageDep, did: Text = "") -> Page[ValidatorVoteView]:
    """Votes that count if the next block decides."""
    head = network.ledger.header(network.ledger.height)
    time_ms = head.time_ms if head else 0
    with network.views.read() as connection:
        return queries.list_votes(connection, page, time_ms, did=did)


@operation(router, "validators.reports")
def list_reports(network: NetworkDep, page: PageDep, offender: Text = "") -> Page[FaultReportView]:
    """Every report there ever was."""
    with network.views.read() as connection:
        return queries.list_reports(connection, page, offender=offender)


@operation(router, "validators.vote")
async def vote(network: NetworkDep, body: VoteValidatorRequest) -> TransactionOutcome:
    """Wish for a member's power, as a validator."""
    return await outcome(network, "validators", message(VoteValidator, body.model_dump()))


@operation(router, "validators.register")
async def register(network: NetworkDep, body: RegisterNodeRequest) -> TransactionOutcome:
    """Make this node known with the keys of its engine, or known at another address."""
    return await outcome(network, "validators", _registration(network, body))


@operation(router, "validators.rotate_keys")
async def rotate_keys(network: NetworkDep, body: RotateValidatorKeysRequest) -> TransactionOutcome:
    """Exchange the keys this node votes and certifies with."""
    if get_newest_set(network.ledger.state) is None:
        raise NoValidators()
    if network.key_rotation is None:
        raise NoValidatorKeys()
    receipt = await network.key_rotation.rotate(
        engine=body.key != "certificate", certificate=body.key != "engine"
    )
    return await shown(network, receipt)


@operation(router, "validators.deregister")
async def deregister(network: NetworkDep) -> TransactionOutcome:
    """Take this node off the ledger."""
    return await outcome(network, "validators", DeregisterNode())


def _registration(network: Network, body: RegisterNodeRequest) -> RegisterNode | UpdateNode:
    state, did = network.ledger.state, network.identity.did
    if get_newest_set(state) is None:
        raise NoValidators()
    if network.key_rotation is None:
        raise NoValidatorKeys()
    keys = network.key_rotation.keyring.current
    where = {"node_id": keys.engine.node_id, "address": body.address, "name": body.name}
    registered = get_node(state, did)
    if registered is not None and keys.are_those_of(registered):
        return message(UpdateNode, where)
    return message(RegisterNode, {**keys.proofs(network.ledger.chain, did), **where})
