"""Pure rules of evidence."""

from __future__ import annotations

from hanse.contracts.evidence import errors
from hanse.contracts.evidence.types import AnchorRecord, EvidenceItem
from hanse.contracts.plain import duplicates, require_plain

MAX_ENVELOPE_BYTES = 32 * 1024


def require_items(items: list[EvidenceItem]) -> None:
    """Refuse items of one kind and name, and envelopes that are too large.

    Raises:
        DuplicateItems, ObjectTooLarge, NotCanonical.
    """
    if duplicates([f"{item.kind} {item.name}" for item in items]):
        raise errors.DuplicateItems()
    for item in items:
        if item.envelope is not None:
            require_plain(item.envelope, f"the envelope of {item.name}", MAX_ENVELOPE_BYTES)


def next_anchor(
    previous: AnchorRecord | None, head: str, length: int, time_ms: int
) -> AnchorRecord | None:
    """The anchor after this one, or None when it stands already.

    Raises:
        LogRewound: the log is shorter than anchored, or differs at the same length.
    """
    if previous is None:
        return AnchorRecord(head=head, length=length, sequence=1, time_ms=time_ms)
    if (previous.head, previous.length) == (head, length):
        return None
    if length <= previous.length:
        raise errors.LogRewound(f"{previous.length} entries are anchored already")
    return AnchorRecord(head=head, length=length, sequence=previous.sequence + 1, time_ms=time_ms)
