"""What JWS and JWE have in common here: algorithm names, public keys, key derivation.

The international suite uses registered JOSE names. For the national suite none are registered;
these are ours, each the national counterpart of a registered algorithm:

=========================  ==============================  ==================================
Name                       Counterpart                     Meaning
=========================  ==============================  ==================================
``SM2-SM3``                ``EdDSA`` (RFC 8037)            SM2 signature, 64 bytes ``r‖s``
``SM4-GCM``                ``A128GCM`` (RFC 7518, 5.3)     SM4 in GCM, 96-bit IV, 128-bit tag
``ECDH-ES-SM3+SM4GCMKW``   ``ECDH-ES+A256KW``              SM2-curve ECDH, Concat KDF over SM3,
                           (RFC 7518, 4.6)                 key wrapped as IV‖ciphertext‖tag
``ECDH-1PU-SM3``           ``ECDH-1PU`` (draft-madden-     the same with the sender's static key
                           jose-ecdh-1pu-04), direct
``kty`` EC, ``crv`` SM2    ``kty`` OKP, ``crv`` X25519     a point of the SM2 curve
=========================  ==============================  ==================================

A name of one suite is never accepted under the other.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError
from hanse.crypto.errors import BadEnvelope
from hanse.crypto.suite import HASH_BYTES, Suite

MAX_DERIVED_BYTES = 64


def ephemeral_algorithm(suite: Suite) -> str:
    """``alg`` of an envelope: ephemeral-static agreement with key wrapping."""
    base = "ECDH-ES-SM3" if suite.name == "sm" else "ECDH-ES"
    return f"{base}+{suite.wrap_algorithm}"


def authenticated_algorithm(suite: Suite) -> str:
    """``alg`` of a message: agreement of ephemeral and both static keys, direct."""
    return "ECDH-1PU-SM3" if suite.name == "sm" else "ECDH-1PU"


def public_jwk(suite: Suite, public: bytes) -> dict[str, str]:
    """A public agreement key as JWK (RFC 7517; RFC 8037 for X25519)."""
    if suite.name == "sm":
        return {"kty": "EC", "crv": "SM2", "x": b64url(public[1:33]), "y": b64url(public[33:])}
    return {"kty": "OKP", "crv": "X25519", "x": b64url(public)}


def public_from_jwk(suite: Suite, jwk: Any) -> bytes:
    """Undo `public_jwk`; the point itself is checked when it is used.

    Raises:
        BadEnvelope: on another key type, curve or shape.
    """
    expected = {"kty", "crv", "x", "y"} if suite.name == "sm" else {"kty", "crv", "x"}
    names = ("EC", "SM2") if suite.name == "sm" else ("OKP", "X25519")
    if not isinstance(jwk, dict) or set(jwk) != expected:
        raise BadEnvelope("the ephemeral key has unexpected members")
    if not all(isinstance(value, str) for value in jwk.values()):
        raise BadEnvelope("the members of the ephemeral key are strings")
    if (jwk["kty"], jwk["crv"]) != names:
        raise BadEnvelope("the ephemeral key is on another curve than this suite's")
    try:
        if suite.name == "sm":
            return b"\x04" + unb64url(jwk["x"]) + unb64url(jwk["y"])
        return unb64url(jwk["x"])
    except InputError as error:
        raise BadEnvelope("the ephemeral key is not base64url") from error


def concat_kdf(
    suite: Suite, secret: bytes, *, algorithm: str, apu: bytes, apv: bytes, length: int
) -> bytes:
    """Concat KDF as JOSE uses it (RFC 7518, 4.6.2; NIST SP 800-56A, 5.8.1).

    Args:
        suite: gives the hash.
        secret: the agreed Z.
        algorithm: AlgorithmID: ``enc`` in direct mode, ``alg`` with key wrapping.
        apu: PartyUInfo, who sends.
        apv: PartyVInfo, who receives.
        length: bytes wanted, 1 to 64.
    """
    if not 1 <= length <= MAX_DERIVED_BYTES:
        raise BadEnvelope("keys of 1 to 64 bytes are derived")
    parts = (algorithm.encode("ascii"), apu, apv)
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    info += (8 * length).to_bytes(4, "big")
    rounds = -(-length // HASH_BYTES)
    blocks = [suite.hash(i.to_bytes(4, "big") + secret + info) for i in range(1, rounds + 1)]
    return b"".join(blocks)[:length]


def encode_header(header: dict[str, Any]) -> str:
    """A JOSE header as base64url of deterministic JSON."""
    return b64url(msgspec.json.encode(header, order="deterministic"))


def decode_header(text: str) -> dict[str, Any]:
    """Undo `encode_header`; refuses ``crit``, because we understand no extension.

    Raises:
        BadEnvelope: when it is no JSON object in base64url, or has ``crit``.
    """
    try:
        header = msgspec.json.decode(unb64url(text), type=dict[str, Any])
    except (InputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEnvelope("the protected header is no JSON object in base64url") from error
    if "crit" in header:
        raise BadEnvelope("the header asks for extensions we do not know")
    return header
