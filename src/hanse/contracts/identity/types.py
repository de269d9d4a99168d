"""Records of the identity contract: DIDs, keys by height, members, issuers, status lists."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Hex, OptionalDigest, Title
from hanse.identity.did import DidDocument, Purpose
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

Role = Literal[
    "operator",
    "compute_provider",
    "data_provider",
    "algorithm_provider",
    "data_consumer",
    "auditor",
    "regulator",
    "custodian",
]
Roles = Annotated[list[Role], Meta(min_length=1, max_length=8)]
Controller = Annotated[str, Meta(max_length=128)]
MemberState = Literal["ACTIVE", "SUSPENDED", "REMOVED"]
StatusPurpose = Literal["revocation", "suspension"]
CredentialType = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}\Z")]
CredentialTypes = Annotated[list[CredentialType], Meta(min_length=1, max_length=32)]
ListSize = Annotated[int, Meta(ge=131_072, le=1_048_576, multiple_of=8_192)]
CHUNK_BITS = 8_192
"""Bits per stored piece of a status list, so that setting one writes 1 KiB, not the list."""


class DidRecord(Record, frozen=True):
    """A DID as it stands; ``version`` grows with each change of the document."""

    document: DidDocument
    version: int = 1
    deactivated: bool = False
    registered_height: int = 0
    updated_height: int = 0


class KeyPeriod(msgspec.Struct, frozen=True):
    """A key and the heights it holds for, both inclusive; ``last_height`` None: still."""

    type: str
    public: str
    purposes: list[Purpose]
    first_height: int
    last_height: int | None = None


class KeyRecord(Record, frozen=True):
    """Every key that ever stood under one key id of a DID, oldest first."""

    periods: list[KeyPeriod]


class MemberRecord(Record, frozen=True):
    """A participant of the network.

    Attributes:
        name: public name, or a pseudonym.
        controller: who controls the organisation; empty: itself.
        credential: commitment to the role credential issued off the ledger, or empty.
    """

    did: str
    name: str
    roles: list[Role]
    controller: str = ""
    credential: str = ""
    state: MemberState = "ACTIVE"
    reason: str = ""
    registered_height: int = 0
    updated_height: int = 0


class IssuerRecord(Record, frozen=True):
    """A member accredited to issue credentials of these types."""

    did: str
    types: list[str]
    active: bool = True
    updated_height: int = 0


class StatusListRecord(Record, frozen=True):
    """A Bitstring Status List: who maintains it, what a set bit means, how many bits."""

    id: str
    issuer: str
    purpose: StatusPurpose
    size: int
    version: int = 0
    updated_height: int = 0


class StatusChunk(Record, frozen=True):
    """`CHUNK_BITS` bits in hex; a missing chunk is all zeros. Bit 0 is the leftmost."""

    bits: str


class GenesisMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member that exists from the start; the proof is checked like any other."""

    document: DidDocument
    proof: Hex
    name: Title
    roles: Roles
    controller: Controller = ""
    credential: OptionalDigest = ""


class IdentityGenesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The preset, trusted members; at least one operator."""

    members: Annotated[list[GenesisMember], Meta(min_length=1, max_length=100)]


DIDS = Collection("identity", "did", DidRecord)
KEYS = Collection("identity", "key", KeyRecord)
MEMBERS = Collection("identity", "member", MemberRecord)
ISSUERS = Collection("identity", "issuer", IssuerRecord)
STATUS_LISTS = Collection("identity", "status_list", StatusListRecord)
STATUS_CHUNKS = Collection("identity", "status_chunk", StatusChunk)
