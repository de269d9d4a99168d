"""What one may ask of the services contract."""

from __future__ import annotations

from hanse.contracts.bounds import Did, Digest, Identifier, Short, Slug, Title
from hanse.contracts.services.types import ServiceKind, ServiceTerms, Uses
from hanse.ledger.contract.contract import Message


class OfferService(Message, frozen=True, kw_only=True):
    """Offer to serve what a completed step made. Sender: who holds a part of it, and signs."""

    kind: ServiceKind
    name: Title
    flow: Identifier
    step: Slug
    output: Slug
    receiver: Did
    terms: ServiceTerms


class AcceptService(Message, frozen=True):
    """Sign the terms. Sender: any other party; with the last one the service is active."""

    service: Identifier


class ReserveUses(Message, frozen=True):
    """Reserve uses, and pay for them. Sender: the receiver."""

    service: Identifier
    uses: Uses


class RecordUses(Message, frozen=True):
    """Say how many uses were made. Sender: any party.

    ``head`` is the head of the sender's chain of tickets, which an auditor can recompute.
    """

    service: Identifier
    uses: Uses
    head: Digest


class SuspendService(Message, frozen=True):
    """Stop for a while. Sender: any party."""

    service: Identifier
    reason: Short = ""


class ResumeService(Message, frozen=True):
    """Go on. Sender: who suspended it."""

    service: Identifier


class EndService(Message, frozen=True):
    """Stop for good, or decline an offer. Sender: any party."""

    service: Identifier
    reason: Short = ""


class RetireModel(Message, frozen=True):
    """Declare that what a step made is not used any more. Sender: who took part in the step."""

    flow: Identifier
    step: Slug
    output: Slug
    reason: Short = ""
