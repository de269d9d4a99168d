"""Identifiers: ``prefix-`` and 26 lower-case base32 characters of a digest (128 bits).

Identifiers on the ledger are derived from the transaction that creates the thing, so every
node computes the same one and nobody can choose another's.
"""

from __future__ import annotations

import base64
import re
import secrets

from hanse.core.errors import InputError

_PATTERN = re.compile(r"^[a-z]{2,8}-[a-z2-7]{26}\Z")


class BadIdentifier(InputError):
    """The identifier is malformed."""

    code = "core.bad_identifier"
    help = "Identifiers look like gr-abcdefghijklmnopqrstuvwxyz."


def derive_id(prefix: str, digest: bytes) -> str:
    """Identifier from at least 16 digest bytes."""
    if len(digest) < 16:
        raise BadIdentifier("a digest of at least 16 bytes is needed")
    return f"{prefix}-{b32(digest[:16])}"


def random_id(prefix: str) -> str:
    """A fresh identifier for things that live off the ledger."""
    return derive_id(prefix, secrets.token_bytes(16))


def b32(data: bytes) -> str:
    """Lower-case base32 without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def check_id(value: str, prefix: str) -> str:
    """Return ``value`` when it is an identifier with that prefix.

    Raises:
        BadIdentifier: otherwise.
    """
    if not _PATTERN.match(value) or not value.startswith(prefix + "-"):
        raise BadIdentifier(f"not a {prefix}- identifier: {value[:40]!r}")
    return value
