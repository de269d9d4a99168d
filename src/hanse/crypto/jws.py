"""JWS in compact form (RFC 7515, section 7.1), one algorithm per suite.

The verifier fixes algorithm and type before it looks at the token; what the token says about
itself selects nothing (RFC 8725, section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError
from hanse.crypto import jose
from hanse.crypto.errors import BadEnvelope, BadJws
from hanse.crypto.suite import Suite

MAX_TOKEN_CHARACTERS = 2**22


class ParsedJws(msgspec.Struct, frozen=True):
    """A token taken apart; nothing about it is verified yet but ``alg`` and ``typ``.

    Attributes:
        header: the protected header.
        payload: the bytes that were signed.
        kid: key id of the header.
        signing_input: what the signature is over.
        signature: 64 bytes.
    """

    header: dict[str, Any]
    payload: bytes
    kid: str
    signing_input: bytes
    signature: bytes


def sign_jws(
    suite: Suite, sign: Callable[[bytes], bytes], payload: bytes, *, kid: str, typ: str
) -> str:
    """Make a compact JWS.

    Args:
        suite: fixes ``alg``.
        sign: signs the signing input; `Suite.sign_bytes` with the private key.
        payload: bytes to sign.
        kid: full id of the key.
        typ: media type, for instance ``vc+jwt``.
    """
    header = {"alg": suite.signature_algorithm, "kid": kid, "typ": typ}
    signing_input = f"{jose.encode_header(header)}.{b64url(payload)}"
    return f"{signing_input}.{b64url(sign(signing_input.encode('ascii')))}"


def parse_jws(suite: Suite, token: str, *, typ: str) -> ParsedJws:
    """Take a compact JWS apart and check ``alg``, ``typ`` and ``kid``.

    Raises:
        BadJws: when it is malformed or of another algorithm or type.
    """
    parts = token.split(".") if len(token) <= MAX_TOKEN_CHARACTERS else []
    if len(parts) != 3:
        raise BadJws("a compact JWS has three parts")
    try:
        header = jose.decode_header(parts[0])
        payload, signature = unb64url(parts[1]), unb64url(parts[2])
    except (InputError, BadEnvelope) as error:
        raise BadJws("the parts of a JWS are base64url") from error
    kid = header.get("kid")
    if header.get("alg") != suite.signature_algorithm:
        raise BadJws(f"the algorithm must be {suite.signature_algorithm}")
    if header.get("typ") != typ:
        raise BadJws(f"the type must be {typ}")
    if not isinstance(kid, str):
        raise BadJws("the header names its key")
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return ParsedJws(header, payload, kid, signing_input, signature)


def verify_jws(suite: Suite, parsed: ParsedJws, public: bytes) -> None:
    """Check the signature; raises `BadSignature`."""
    suite.verify_bytes(public, parsed.signing_input, parsed.signature)


class _Signature(msgspec.Struct, frozen=True):
    protected: str
    signature: str


class _General(msgspec.Struct, frozen=True):
    payload: str
    signatures: list[_Signature]


def to_json(token: str) -> bytes:
    """A compact JWS in general JSON form (RFC 7515, 7.2.1), as DIDComm transports it."""
    protected, payload, signature = token.split(".")
    return msgspec.json.encode(_General(payload, [_Signature(protected, signature)]))


def from_json(data: bytes) -> str:
    """Undo `to_json`; exactly one signature.

    Raises:
        BadJws: on another shape.
    """
    try:
        general = msgspec.json.decode(data, type=_General)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadJws("not a JWS in general JSON form") from error
    if len(general.signatures) != 1:
        raise BadJws("exactly one signature is expected")
    only = general.signatures[0]
    return f"{only.protected}.{general.payload}.{only.signature}"
