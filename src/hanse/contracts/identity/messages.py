"""What one may ask of the identity contract."""

from __future__ import annotations

from hanse.contracts.bounds import Count, Did, Hex, Identifier, KeyId, OptionalDigest, Short, Title
from hanse.contracts.identity.types import (
    Controller,
    CredentialTypes,
    ListSize,
    Roles,
    StatusPurpose,
)
from hanse.identity.did import DidDocument
from hanse.ledger.contract.contract import Message


class RegisterMember(Message, frozen=True):
    """Admit an organisation. Sender: an operator.

    ``proof`` is the signature of the document's ``#key-1`` over its canonical bytes, domain
    ``hanse/registration/1``: nobody is registered without its own consent.
    """

    document: DidDocument
    proof: Hex
    name: Title
    roles: Roles
    controller: Controller = ""
    credential: OptionalDigest = ""


class SetMemberRoles(Message, frozen=True):
    """Change roles, controller or credential commitment. Sender: an operator."""

    did: Did
    roles: Roles
    controller: Controller = ""
    credential: OptionalDigest = ""


class UpdateDocument(Message, frozen=True):
    """Replace services and agreement keys of the own document. Sender: the DID itself.

    Keys that sign change through `RotateKey` only.
    """

    document: DidDocument


class RotateKey(Message, frozen=True):
    """Replace an own signing key from the next block on. Sender: the DID itself.

    ``proof``: signature by the new key over the canonical ``{did, key, public}``, domain
    ``hanse/rotation/1``.
    """

    key: KeyId
    public: Hex
    proof: Hex


class DeactivateDid(Message, frozen=True):
    """End a DID for good; its member is removed. Sender: the DID itself or an operator."""

    did: Did
    reason: Short = ""


class SuspendMember(Message, frozen=True):
    """Take a member's powers away for a while. Sender: another operator than the member."""

    did: Did
    reason: Short = ""


class ReinstateMember(Message, frozen=True):
    """Give a suspended member its powers back. Sender: an operator."""

    did: Did
    reason: Short = ""


class RemoveMember(Message, frozen=True):
    """Remove a member for good. Sender: another operator than the member."""

    did: Did
    reason: Short = ""


class AccreditIssuer(Message, frozen=True):
    """Let a member issue credentials of these types. Sender: an operator."""

    did: Did
    types: CredentialTypes


class WithdrawAccreditation(Message, frozen=True):
    """Stop a member from issuing credentials. Sender: an operator."""

    did: Did
    reason: Short = ""


class CreateStatusList(Message, frozen=True):
    """Start a Bitstring Status List. Sender: an operator or accredited issuer."""

    purpose: StatusPurpose
    size: ListSize = 131_072


class SetStatus(Message, frozen=True):
    """Set one bit of an own list; a revocation bit is never cleared. Sender: its issuer."""

    status_list: Identifier
    index: Count
    value: bool = True
