"""Validators: who votes on blocks, the nodes of members, votes on power, reports of faults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hanse.api.base import Did, Page, Request, TransactionOutcome, View
from hanse.api.operation import Operation

Power = Annotated[int, Field(ge=0, le=2**53 - 1, description="Weight of its vote; 0: none.")]


class ValidatorView(View):
    """A validator of one set; the set votes on blocks from ``from_height`` on. Keys in hex."""

    did: str
    name: str = ""
    power: int
    address: str = ""
    node_id: str = ""
    engine_public: str
    certificate_public: str
    from_height: int


class RegisteredNodeView(View):
    """A member's node as registered; ``power`` is that of the set decided last, 0: it observes."""

    did: str
    name: str = ""
    node_name: str = ""
    power: int = 0
    address: str
    node_id: str
    engine_public: str
    certificate_public: str
    registered_height: int
    updated_height: int


class ValidatorVoteView(View):
    """An open vote on a member's power. ``voter_power`` is what it weighs now."""

    did: str
    name: str = ""
    power: int
    voter: str
    voter_name: str = ""
    voter_power: int
    time_ms: int
    expires_ms: int
    height: int
    transaction: str


class FaultReportView(View):
    """A report of a fault at ``fault_height``; ``evidence`` is the hash of what was shown."""

    offender: str
    offender_name: str = ""
    fault_height: int
    kind: str
    reporter: str
    reporter_name: str = ""
    evidence: str
    time_ms: int
    expires_ms: int
    height: int
    transaction: str


class VoteValidatorRequest(Request):
    """A wish for a member's power, in this organisation's name."""

    did: Did
    power: Power


class RegisterNodeRequest(Request):
    """Where this node's engine is reached by others; its keys are the node's own."""

    address: Annotated[str, Field(min_length=3, max_length=260, description="host:port")]
    name: Annotated[str, Field(max_length=64)] = ""


class RotateValidatorKeysRequest(Request):
    """Which keys of this node's engine to exchange for new ones, made by the node."""

    key: Annotated[
        Literal["engine", "certificate", "both"],
        Field(description="engine: signs votes; certificate: signs commit certificates."),
    ] = "both"


OPERATIONS = (
    Operation(
        "validators.list",
        "GET",
        "/v1/validators",
        "Validators of the next block, or of another height",
        Page[ValidatorView],
        query=("height",),
    ),
    Operation(
        "validators.nodes",
        "GET",
        "/v1/validators/nodes",
        "Registered nodes, newest first",
        Page[RegisteredNodeView],
    ),
    Operation(
        "validators.votes",
        "GET",
        "/v1/validators/votes",
        "Open votes on power, newest first",
        Page[ValidatorVoteView],
        query=("did",),
    ),
    Operation(
        "validators.reports",
        "GET",
        "/v1/validators/reports",
        "Reports of faults, newest first",
        Page[FaultReportView],
        query=("offender",),
    ),
    Operation(
        "validators.vote",
        "POST",
        "/v1/validators/votes",
        "Vote for a member's power",
        TransactionOutcome,
        VoteValidatorRequest,
    ),
    Operation(
        "validators.register",
        "POST",
        "/v1/validators/nodes",
        "Register this node, or its new address",
        TransactionOutcome,
        RegisterNodeRequest,
    ),
    Operation(
        "validators.rotate_keys",
        "POST",
        "/v1/validators/keys",
        "Exchange the keys this node votes and certifies with",
        TransactionOutcome,
        RotateValidatorKeysRequest,
    ),
    Operation(
        "validators.deregister",
        "POST",
        "/v1/validators/nodes/deregister",
        "Take this node off the ledger",
        TransactionOutcome,
    ),
)
