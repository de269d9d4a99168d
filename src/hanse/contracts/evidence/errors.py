"""Named refusals of the evidence contract."""

from __future__ import annotations

from hanse.core.errors import ConflictError, InputError, NotFoundError


class EvidenceDiffers(ConflictError):
    """The party has put other evidence on record for this attempt."""

    code = "evidence.differs"
    help = "Evidence of an attempt is recorded once per party and never changed."


class DuplicateItems(InputError):
    """Two items of one kind carry the same name."""

    code = "evidence.duplicate_items"
    help = "Name every item of a kind once."


class LogRewound(ConflictError):
    """The anchored log would become shorter, or another log of the same length."""

    code = "evidence.log_rewound"
    help = "An audit log only grows; a shorter or different one shows it was altered."


class EvidenceNotFound(NotFoundError):
    """No such evidence."""

    code = "evidence.not_found"
    help = "Check the identifier of the evidence."
