"""What one may ask of the validators contract."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hanse.contracts.bounds import Count, Did
from hanse.contracts.validators.types import (
    Address,
    CertificateKey,
    EngineKey,
    FaultKind,
    NodeId,
    NodeName,
    Power,
    Signature,
)
from hanse.ledger.contract.contract import Message

Evidence = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=16_384)]
SignedStatement = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=4_096)]


class RegisterNode(Message, frozen=True):
    """Make the sender's node known as an observer. Sender: an active member.

    Each proof is the key's signature over `hanse.contracts.validators.proofs.key_statement`.
    """

    engine_public: EngineKey
    engine_proof: Signature
    certificate_public: CertificateKey
    certificate_proof: Signature
    node_id: NodeId
    address: Address
    name: NodeName = ""


class UpdateNode(Message, frozen=True):
    """Say where the own node is reached now. Sender: an active member with a node."""

    node_id: NodeId
    address: Address
    name: NodeName = ""


class DeregisterNode(Message, frozen=True):
    """Take the own node out. Sender: an active member whose node does not vote."""


class ReplaceKeys(Message, frozen=True):
    """Exchange the keys of the own node, both or one. Sender: an active member with a node.

    A validator's new keys vote two blocks later. A key that stays is given again, with a proof.
    """

    engine_public: EngineKey
    engine_proof: Signature
    certificate_public: CertificateKey
    certificate_proof: Signature


class VoteValidator(Message, frozen=True):
    """Wish that a member's node has this power; 0 takes it out. Sender: a validator.

    A later vote on the same member replaces it. A vote for the power the member has is how a
    wish is taken back.
    """

    did: Did
    power: Power


class ReportFault(Message, frozen=True):
    """Report what another validator did wrong at a height. Sender: a validator."""

    offender: Did
    height: Count
    kind: FaultKind
    evidence: Evidence = ""


class ProveEquivocation(Message, frozen=True):
    """Show two signed statements of one height that differ. Sender: any active member.

    ``first`` and ``second`` are the offender's vote extensions, hex of their canonical bytes
    (`hanse.ledger.certificates.VoteExtension`). They convict it without any other report.
    """

    offender: Did
    first: SignedStatement
    second: SignedStatement
