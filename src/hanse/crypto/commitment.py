"""Commitments: what stands on the ledger instead of a value.

``digest = H(tagged("hanse/commitment/1", salt, kind, canonical(value)))`` with a fresh random
32-byte salt. Hiding: without the salt nothing can be enumerated, however few values are
possible. Binding: as strong as the hash's collision resistance. The kind keeps the opening of
one sort of value from being passed off as another.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import msgspec

from hanse.core import canonical
from hanse.crypto.errors import BadOpening
from hanse.crypto.suite import Suite

DOMAIN = "hanse/commitment/1"
SALT_BYTES = 32


class Opening(msgspec.Struct, frozen=True):
    """What its maker keeps, and shows to those who may see the value.

    Attributes:
        kind: what sort of value, for instance ``table-digest``.
        salt: 32 random bytes, hex.
        value: the committed value, of canonical types.
    """

    kind: str
    salt: str
    value: Any


def commit(suite: Suite, kind: str, value: Any) -> tuple[str, Opening]:
    """Commit to a value.

    Returns:
        The commitment (64 hex digits) and its opening.

    Raises:
        NotCanonical: when the value has no canonical form.
    """
    opening = Opening(kind, secrets.token_hex(SALT_BYTES), value)
    return digest_of(suite, opening), opening


def digest_of(suite: Suite, opening: Opening) -> str:
    """The commitment an opening belongs to, 64 hex digits.

    Raises:
        BadOpening: when the salt is not 32 bytes of lower-case hex.
    """
    salt = _salt(opening.salt)
    parts = (salt, opening.kind.encode("utf-8"), canonical.encode(opening.value))
    return suite.hash(canonical.tagged(DOMAIN, *parts)).hex()


def verify_opening(suite: Suite, digest_hex: str, opening: Opening) -> None:
    """Check that an opening belongs to a commitment.

    Raises:
        BadOpening: when it does not.
    """
    if not hmac.compare_digest(digest_of(suite, opening).encode(), digest_hex.encode()):
        raise BadOpening()


def _salt(text: str) -> bytes:
    try:
        salt = bytes.fromhex(text)
    except ValueError as error:
        raise BadOpening("the salt is not hex") from error
    if len(salt) != SALT_BYTES or salt.hex() != text:
        raise BadOpening("the salt is 32 bytes in lower-case hex")
    return salt
