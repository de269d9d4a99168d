"""Bytes as text: base64url without padding, the form JOSE uses (RFC 7515, section 2)."""

from __future__ import annotations

import base64
import binascii

from hanse.core.errors import InputError


class BadEncoding(InputError):
    """The text is no base64url without padding."""

    code = "core.bad_encoding"
    help = "Send base64url without padding (RFC 7515, section 2)."


def b64url(data: bytes) -> str:
    """Encode to base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """Decode base64url without padding; any other spelling of the same bytes is refused.

    Raises:
        BadEncoding: on other alphabets, padding or trailing bits.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEncoding("not base64url") from error
    if b64url(data) != text:
        raise BadEncoding("not the shortest base64url form")
    return data
