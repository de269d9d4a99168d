"""What happened to identities."""

from __future__ import annotations

from hanse.contracts.identity.types import MemberRecord
from hanse.identity.did import DidDocument
from hanse.ledger.contract.contract import Event


class MemberRegistered(Event, frozen=True):
    """An organisation is a member; its DID resolves."""

    did: str
    member: MemberRecord
    document: DidDocument


class MemberRolesSet(Event, frozen=True):
    """A member's roles, controller or credential commitment changed."""

    did: str
    member: MemberRecord


class DocumentUpdated(Event, frozen=True):
    """Services or agreement keys of a DID changed."""

    did: str
    document: DidDocument
    version: int


class KeyRotated(Event, frozen=True):
    """A signing key is replaced from ``first_height`` on."""

    did: str
    key: str
    public: str
    first_height: int
    document: DidDocument
    version: int


class DidDeactivated(Event, frozen=True):
    """A DID ended; its keys hold no more after this block."""

    did: str
    reason: str


class MemberSuspended(Event, frozen=True):
    """A member may not act for now."""

    did: str
    reason: str


class MemberReinstated(Event, frozen=True):
    """A member may act again."""

    did: str
    reason: str


class MemberRemoved(Event, frozen=True):
    """A member may never act again."""

    did: str
    reason: str


class IssuerAccredited(Event, frozen=True):
    """A member may issue credentials of these types."""

    did: str
    types: list[str]


class AccreditationWithdrawn(Event, frozen=True):
    """A member may no longer issue credentials."""

    did: str
    reason: str


class StatusListCreated(Event, frozen=True):
    """A status list exists."""

    status_list: str
    issuer: str
    purpose: str
    size: int


class StatusSet(Event, frozen=True):
    """One bit of a status list has this value now."""

    status_list: str
    index: int
    value: bool
    version: int
