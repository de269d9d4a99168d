"""Trusted headers: a later place than the genesis to follow validators from.

Whoever trusts a checkpoint does not depend on what former validators do with their old keys.
"""

from __future__ import annotations

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import HASH_BYTES, Suite
from hanse.ledger.errors import BadCheckpoint
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.validators import Validator, is_set


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A header somebody trusts, and the validators that certify it.

    Attributes:
        v: version of this structure.
        chain: chain id, hex.
        height: of the header.
        header: its hash, hex.
        validators: the set that signs the header's statement (it votes on the next block), by
            ascending DID.
    """

    v: int = 1
    chain: str
    height: int
    header: str
    validators: list[Validator]


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Canonical bytes, as kept in a file."""
    return canonical.encode(checkpoint)


def decode_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint file (white space around it is ignored).

    Raises:
        BadCheckpoint: when it is none.
    """
    try:
        return canonical.decode(data.strip(), Checkpoint)
    except HanseError as error:
        raise BadCheckpoint(f"not a checkpoint: {error.message}") from error


def check_checkpoint(suite: Suite, chain: str, checkpoint: Checkpoint) -> None:
    """Check that a checkpoint can be one of this chain.

    Raises:
        BadCheckpoint: when it cannot.
    """
    if checkpoint.chain != chain:
        raise BadCheckpoint("the checkpoint belongs to another network")
    try:
        size = len(unhex(checkpoint.header))
        for validator in checkpoint.validators:
            suite.check_public(unhex(validator.certificate_public), "signing")
    except (HanseError, ValueError) as error:
        raise BadCheckpoint("a hash or key of the checkpoint is malformed") from error
    sound = checkpoint.v == 1 and checkpoint.height >= 1 and size == HASH_BYTES
    if not sound or not is_set(checkpoint.validators):
        raise BadCheckpoint("the checkpoint is malformed")
