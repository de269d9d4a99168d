"""Records of services: what was offered and accepted, how far it is used, which models retired."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import MAX_POINTS, Did, Slug, Term, TimeMs
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

MAX_USES = 10**9
ServiceKind = Literal["prediction", "retrieval"]
ServiceState = Literal["OFFERED", "ACTIVE", "SUSPENDED", "ENDED"]
Uses = Annotated[int, Meta(ge=1, le=MAX_USES)]
WindowMs = Annotated[int, Meta(ge=1_000, le=31 * 24 * 3_600_000)]
Price = Annotated[int, Meta(ge=0, le=MAX_POINTS // MAX_USES)]


class ServiceTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the parties sign.

    Attributes:
        purpose: the one purpose.
        not_after_ms: last block time at which uses may be reserved and made.
        uses: ids scored or keys looked up, in all.
        window_ms: length of the window of the rate.
        window_uses: uses in a window at most.
        prices: points for each use, by the alias of who gets them.
    """

    purpose: Term
    not_after_ms: TimeMs
    uses: Uses
    window_ms: WindowMs
    window_uses: Uses
    prices: Annotated[dict[Slug, Price], Meta(max_length=32)] = msgspec.field(default_factory=dict)


class ServiceRecord(Record, frozen=True):
    """A service, from its offer to its end.

    Attributes:
        flow, step, output: what it serves; parts of it lie at its parties.
        offerer: DID of who offered it.
        parties: DID by alias of everybody who signs.
        owners, computes: aliases by what they do, as in the step; ``receiver`` is an alias too.
        protocol: of the step, or of what it made.
        datasets: what is served descends from them, and they are not the receiver's own.
        accepted: DIDs that have signed the terms.
        reserved: uses reserved so far.
        window_start_ms, window_reserved: the window the rate is counted in, and its uses.
        reservations: how many there were.
        suspended_by: DID of who suspended it, "" when nobody has.
    """

    id: str
    kind: ServiceKind
    name: str
    flow: str
    step: str
    output: str
    offerer: str
    parties: dict[str, str]
    owners: list[str]
    computes: list[str]
    receiver: str
    protocol: str
    datasets: list[str]
    terms: ServiceTerms
    state: ServiceState
    accepted: list[str]
    reserved: int = 0
    reservations: int = 0
    window_start_ms: int = 0
    window_reserved: int = 0
    suspended_by: str = ""
    reason: str = ""
    created_ms: int = 0
    updated_ms: int = 0


class UsageRecord(Record, frozen=True):
    """What one party says was used.

    Attributes:
        uses: in all.
        head: of its chain of signed tickets, hex.
    """

    uses: int
    head: str
    time_ms: int


class RetirementRecord(Record, frozen=True):
    """A model that is not used any more."""

    by: Did
    reason: str
    time_ms: int


SERVICES = Collection("services", "service", ServiceRecord)
USAGE = Collection("services", "usage", UsageRecord)
RETIRED = Collection("services", "retired", RetirementRecord)
