"""Errors of archives."""

from __future__ import annotations

from hanse.core.errors import ConflictError, InputError, VerificationError


class ArchiveRefused(VerificationError):
    """The file is no sound archive of this network."""

    code = "ledger.archive_refused"
    help = "The file was altered or cut off, or is another network's; get it again."


class ArchiveNotTrusted(VerificationError):
    """The archive holds together, but nothing here says that its newest block is the chain's."""

    code = "ledger.archive_not_trusted"
    help = "Give the hash of its newest block from a node you trust, or an archive from block 1 on."


class ArchiveNotContiguous(ConflictError):
    """The archive does not reach up to the blocks that are kept."""

    code = "ledger.archive_not_contiguous"
    help = "Restore first the archive that ends right below the lowest block that is kept."


class BadRange(InputError):
    """These heights are no range of blocks of this ledger."""

    code = "ledger.bad_range"
    help = "The first height must not be above the last, and the last not above the head."


class NameTaken(ConflictError):
    """A file of that name exists; nothing is overwritten."""

    code = "ledger.name_taken"
    help = "Choose another name, or remove the file."
