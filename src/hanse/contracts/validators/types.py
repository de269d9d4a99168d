"""Records of the validators contract: nodes, sets by height, votes and reports of faults."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Did
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection
from hanse.ledger.validators import MAX_TOTAL_POWER, Validator

MAX_VALIDATORS = 100
"""A certificate carries a signature of each, and votes take time by their square."""
DAY_MS = 86_400_000

EngineKey = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", max_length=64)]
"""Ed25519 public key, hex."""
CertificateKey = Annotated[str, Meta(pattern=r"^([0-9a-f]{64}|04[0-9a-f]{128})\Z", max_length=130)]
"""Public signing key of the network's suite, hex: Ed25519 or SM2 ``04‖x‖y``."""
Signature = Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z", max_length=128)]
NodeId = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}\Z", max_length=40)]
"""The engine's name of a node: hex of the first 20 bytes of SHA-256 of its transport key."""
Address = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):"
        r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])\Z",
        max_length=260,
    ),
]
"""``host:port`` that other nodes connect to."""
NodeName = Annotated[str, Meta(max_length=64)]
Power = Annotated[int, Meta(ge=0, le=MAX_TOTAL_POWER)]
PositivePower = Annotated[int, Meta(ge=1, le=MAX_TOTAL_POWER)]
KeyUse = Literal["engine", "certificate"]
FaultKind = Literal["equivocation", "bad_extension", "bad_certificate", "bad_proposal"]


class NodeRecord(Record, frozen=True):
    """The node of a member, as it is registered now.

    A validator's keys in force at a height stand in the set of that height: a replacement
    shows here at once and there two blocks later.
    """

    did: str
    name: str
    engine_public: str
    certificate_public: str
    node_id: str
    address: str
    registered_height: int = 0
    updated_height: int = 0


class KeyOwner(Record, frozen=True):
    """Whose key this is and what for. It stays: no key changes member or use."""

    did: str
    use: KeyUse


class SetRecord(Record, frozen=True):
    """A set of validators, sorted by DID, that votes from a height on.

    ``previous`` is the height from which the set before it voted; None for the first.
    """

    from_height: int
    validators: list[Validator]
    previous: int | None = None


class NewestSet(Record, frozen=True):
    """Under which height the newest set stands."""

    from_height: int


class Vote(msgspec.Struct, frozen=True):
    """One validator's wish for somebody's power; counts until block time passes its expiry."""

    voter: str
    power: int
    expires_ms: int


class VotesRecord(Record, frozen=True):
    """Votes on the power of one member, one of each validator, sorted by voter."""

    votes: list[Vote]


class ReportRecord(Record, frozen=True):
    """What one validator reported about another.

    ``evidence`` is the suite's hash of the evidence, hex; the evidence itself stands in the
    transaction.
    """

    reporter: str
    offender: str
    height: int
    kind: str
    evidence: str
    reported_ms: int


class Accusation(msgspec.Struct, frozen=True):
    """A reporter's newest report about a validator; counts until block time passes its expiry."""

    reporter: str
    expires_ms: int


class AccusationsRecord(Record, frozen=True):
    """Who reports faults of one validator, sorted by reporter."""

    accusations: list[Accusation]


class ValidatorParameters(Record, frozen=True, forbid_unknown_fields=True):
    """Rules of the set.

    Attributes:
        min_validators: the set never has fewer.
        expel_on_reports: whether reports of more than a third of the power expel a validator.
        vote_lifetime_ms: how long a vote or a report counts, by block time.
    """

    min_validators: Annotated[int, Meta(ge=1, le=MAX_VALIDATORS)] = 1
    expel_on_reports: bool = True
    vote_lifetime_ms: Annotated[int, Meta(ge=1_000, le=366 * DAY_MS)] = 7 * DAY_MS


class GenesisValidator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A validator that votes from the first block on; its member may be admitted later."""

    did: Did
    name: NodeName
    engine_public: EngineKey
    certificate_public: CertificateKey
    power: PositivePower
    node_id: NodeId
    address: Address


class ValidatorsGenesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The preset validators; none in a network of the embedded engine."""

    validators: Annotated[list[GenesisValidator], Meta(max_length=MAX_VALIDATORS)] = []
    parameters: ValidatorParameters = ValidatorParameters()


NODES = Collection("validators", "node", NodeRecord)
KEYS = Collection("validators", "key", KeyOwner)
SETS = Collection("validators", "set", SetRecord)
NEWEST = Collection("validators", "newest", NewestSet)
VOTES = Collection("validators", "votes", VotesRecord)
REPORTS = Collection("validators", "report", ReportRecord)
ACCUSATIONS = Collection("validators", "accusations", AccusationsRecord)
PARAMETERS = Collection("validators", "parameters", ValidatorParameters)
