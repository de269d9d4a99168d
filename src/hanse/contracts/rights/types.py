"""Records of rights: the three rights of a dataset, grants, and each counted use.

State names of a grant follow the contract negotiation of the Dataspace Protocol; a final grant
has a standing beside it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Did, OperatorTerm, Points, Term, TimeMs
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

GrantState = Literal[
    "REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED"
]
Standing = Literal["", "ACTIVE", "USED_UP", "REVOKED", "EXPIRED"]
UseState = Literal["RESERVED", "CONSUMED", "RELEASED"]
Right = Literal["holding", "processing", "operation"]
FieldName = Annotated[str, Meta(min_length=1, max_length=200)]
FieldNames = Annotated[list[FieldName], Meta(min_length=1, max_length=2000)]
Operators = Annotated[list[OperatorTerm], Meta(min_length=1, max_length=100)]
Receivers = Annotated[list[Did], Meta(max_length=32)]
Uses = Annotated[int, Meta(ge=1, le=1_000_000)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a grant allows.

    Attributes:
        fields: columns that may enter a computation.
        purpose: the one purpose.
        operators: every operator that may touch the data or anything derived from it.
        uses: number of flows; one use is one flow, retries included.
        not_after_ms: last block time at which the grant may be exercised.
        price_points: price of one use.
        receivers: who, beside the consumer and the owner, may open results.
    """

    fields: FieldNames
    purpose: Term
    operators: Operators
    uses: Uses
    not_after_ms: TimeMs
    price_points: Points
    receivers: Receivers = msgspec.field(default_factory=list)


class GrantRecord(Record, frozen=True):
    """A grant, from application to the end of its uses.

    ``owner`` is who decides: the holder of the processing right when it was asked for.
    """

    id: str
    dataset: str
    owner: str
    consumer: str
    terms: Terms
    state: GrantState
    standing: Standing = ""
    reserved: int = 0
    consumed: int = 0
    reason: str = ""
    requested_ms: int = 0
    updated_ms: int = 0


class UseRecord(Record, frozen=True):
    """One flow's use of one grant."""

    state: UseState


class FlowGrants(Record, frozen=True):
    """The grants one flow has reserved, in order."""

    grants: list[str]


class RightsRecord(Record, frozen=True):
    """Who holds which of the three rights on a dataset."""

    dataset: str
    holding: str
    processing: str
    operation: str


GRANTS = Collection("rights", "grant", GrantRecord)
USES = Collection("rights", "use", UseRecord)
FLOW_GRANTS = Collection("rights", "flow", FlowGrants)
RIGHTS = Collection("rights", "rights", RightsRecord)
