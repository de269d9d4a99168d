"""What one may ask of the rights contract."""

from __future__ import annotations

import msgspec

from hanse.contracts.bounds import Did, Identifier, Points, Short, Term, TimeMs
from hanse.contracts.rights.types import FieldNames, Operators, Receivers, Right, Uses
from hanse.ledger.contract.contract import Message


class RequestGrant(Message, frozen=True, kw_only=True):
    """Apply for uses of a dataset. Sender: the future consumer."""

    dataset: Identifier
    fields: FieldNames
    purpose: Term
    operators: Operators
    uses: Uses = 1
    not_after_ms: TimeMs
    receivers: Receivers = msgspec.field(default_factory=list)


class OfferGrant(Message, frozen=True, kw_only=True):
    """Offer other terms; None leaves a term as asked. Sender: the owner."""

    grant: Identifier
    fields: FieldNames | None = None
    purpose: Term | None = None
    operators: Operators | None = None
    uses: Uses | None = None
    not_after_ms: TimeMs | None = None
    price_points: Points | None = None
    receivers: Receivers | None = None


class AcceptOffer(Message, frozen=True):
    """Accept the owner's terms. Sender: the consumer."""

    grant: Identifier


class AgreeGrant(Message, frozen=True):
    """Grant what was asked or accepted. Sender: the owner."""

    grant: Identifier


class VerifyGrant(Message, frozen=True):
    """Confirm the agreement; the grant becomes final. Sender: the consumer."""

    grant: Identifier


class TerminateGrant(Message, frozen=True):
    """Reject or withdraw before the grant is final. Sender: owner or consumer."""

    grant: Identifier
    reason: Short = ""


class RevokeGrant(Message, frozen=True):
    """End a final grant; running flows stop at their next step. Sender: the owner."""

    grant: Identifier
    reason: Short = ""


class RegisterRights(Message, frozen=True):
    """Put the three rights of an own dataset on record. Sender: the dataset's owner."""

    dataset: Identifier


class TransferRight(Message, frozen=True):
    """Hand one right on. Sender: who holds it."""

    dataset: Identifier
    right: Right
    to: Did
