"""Proofs that a member holds the keys of its node.

The engine's key is Ed25519 in every network, also where the suite is the national one: the
international suite, whose signature is exactly that, checks it. Certificate keys belong to
the suite of the network.
"""

from __future__ import annotations

from hanse.contracts.validators import errors
from hanse.core import canonical
from hanse.core.errors import VerificationError
from hanse.crypto.suite import get_suite
from hanse.ledger.contract.contract import Context

ENGINE_DOMAIN = "hanse/engine-key/1"
CERTIFICATE_DOMAIN = "hanse/certificate-key/1"


def key_statement(chain: str, did: str, public: str) -> bytes:
    """What a key signs to be registered: chain id, member and the key itself, canonical.

    Args:
        chain: chain id, hex.
        did: the member that registers the key.
        public: the key, hex.
    """
    return canonical.encode({"chain": chain, "did": did, "public": public})


def require_engine_key(ctx: Context, public: str, proof: str) -> None:
    """Check the proof of an engine's key; raises `KeyProofInvalid`."""
    statement = key_statement(ctx.block.chain, ctx.sender, public)
    try:
        get_suite("intl").verify(
            bytes.fromhex(public), ENGINE_DOMAIN, statement, bytes.fromhex(proof)
        )
    except VerificationError as error:
        raise errors.KeyProofInvalid("the engine key's proof does not hold") from error


def require_certificate_key(ctx: Context, public: str, proof: str) -> None:
    """Check the proof of a certificate key.

    Raises:
        KeyProofInvalid: the signature does not hold.
        BadKey: it is no key of the network's suite.
    """
    statement = key_statement(ctx.block.chain, ctx.sender, public)
    try:
        ctx.suite.verify(bytes.fromhex(public), CERTIFICATE_DOMAIN, statement, bytes.fromhex(proof))
    except VerificationError as error:
        raise errors.KeyProofInvalid("the certificate key's proof does not hold") from error
