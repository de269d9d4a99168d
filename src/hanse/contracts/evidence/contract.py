"""The evidence contract: handlers of its messages."""

from __future__ import annotations

from hanse.contracts.evidence import events, messages, recorder, rules
from hanse.contracts.evidence.needs import NEEDS, Members
from hanse.contracts.evidence.queries import get_anchor
from hanse.contracts.evidence.types import ANCHORS
from hanse.ledger.contract.contract import Context, Contract


def anchor_log(ctx: Context, message: messages.AnchorLog) -> None:
    """Fix the head of the sender's audit log; repeating an anchor changes nothing."""
    ctx.need(Members).require_active(ctx.sender)
    previous = get_anchor(ctx.state, ctx.sender)
    anchor = rules.next_anchor(previous, message.head, message.length, ctx.time_ms)
    if anchor is None:
        return
    ANCHORS.put(ctx.state, anchor, ctx.sender)
    ctx.emit(
        events.LogAnchored(
            member=ctx.sender,
            head=anchor.head,
            length=anchor.length,
            sequence=anchor.sequence,
        )
    )


def record_evidence(ctx: Context, message: messages.RecordEvidence) -> recorder.EvidenceRef:
    """Put commitments on record about any subject, in the sender's name."""
    ctx.need(Members).require_active(ctx.sender)
    evidence = recorder.put(
        ctx, subject=message.subject, step="", attempt=0, party=ctx.sender, items=message.items
    )
    return recorder.EvidenceRef(evidence)


SPEC = Contract(
    name="evidence",
    version=1,
    handlers={messages.AnchorLog: anchor_log, messages.RecordEvidence: record_evidence},
    needs=NEEDS,
    events=(events.EvidenceRecorded, events.LogAnchored),
)
