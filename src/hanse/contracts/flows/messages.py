"""What one may ask of the flows contract."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Code, Digest, Identifier, OptionalDid, Short, Slug
from hanse.contracts.flows.spec import FlowSpec
from hanse.ledger.contract.contract import Message

Attempt = Annotated[int, Meta(ge=1, le=1_000_000)]


class EvidenceItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A salted commitment and, sealed to those who may open it, its opening."""

    name: Annotated[
        str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,2}\Z")
    ]
    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]
    commitment: Digest
    envelope: dict[str, Any] | None = None


class DeployFlow(Message, frozen=True):
    """Deploy a compiled flow; reserves its grants and escrows its price. Sender: initiator."""

    spec: FlowSpec


class ConfirmSession(Message, frozen=True):
    """Confirm the session manifest of an attempt. Sender: a party of the step."""

    flow: Identifier
    step: Slug
    attempt: Attempt
    manifest: Digest


class ReportOutcome(Message, frozen=True):
    """Report that the own part of an attempt is done. Sender: a party of the step."""

    flow: Identifier
    step: Slug
    attempt: Attempt
    evidence: Annotated[list[EvidenceItem], Meta(max_length=64)] = msgspec.field(
        default_factory=list
    )


class ReportFailure(Message, frozen=True):
    """Report that an attempt failed; it ends for everybody. Sender: a party of the step.

    ``final`` says that another attempt cannot help. The text is public: no data in it.
    """

    flow: Identifier
    step: Slug
    attempt: Attempt
    phase: Code
    code: Code
    message: Short = ""
    blamed: OptionalDid = ""
    final: bool = False


class SuspendFlow(Message, frozen=True):
    """Pause: attempts in progress are cancelled. Sender: the initiator."""

    flow: Identifier
    reason: Short = ""


class ResumeFlow(Message, frozen=True):
    """Continue a suspended flow with fresh attempts. Sender: the initiator."""

    flow: Identifier


class TerminateFlow(Message, frozen=True):
    """Stop a flow for everybody. Sender: the initiator or any party."""

    flow: Identifier
    reason: Short = ""


class RerunFlow(Message, frozen=True):
    """Run a step and all that follows from it again, on the same use. Sender: the initiator."""

    flow: Identifier
    step: Slug


class Tick(Message, frozen=True):
    """Let deadlines and revocations act now. Sender: any member."""

    flow: Identifier
