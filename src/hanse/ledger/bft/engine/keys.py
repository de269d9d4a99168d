"""The engine's two Ed25519 keys: one votes, one names the node among its peers.

The engine reads them from files; see `hanse.ledger.bft.engine.home` for how long these exist.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from hanse.crypto.suite import get_suite
from hanse.ledger.validators import engine_address

_PUBLIC_TYPE = "tendermint/PubKeyEd25519"
_PRIVATE_TYPE = "tendermint/PrivKeyEd25519"


@dataclass(frozen=True)
class EngineKeys:
    """Private keys, 32-byte Ed25519 seeds; they belong in the node's keystore.

    Attributes:
        validator: signs proposals and votes.
        node: authenticates links to other engines.
    """

    validator: bytes = field(repr=False)
    node: bytes = field(repr=False)

    @property
    def validator_public(self) -> bytes:
        """32-byte public key that validators are known by."""
        return public_key(self.validator)

    @property
    def node_id(self) -> str:
        """The name other engines dial this one by."""
        return node_id(public_key(self.node))


def new_keys() -> EngineKeys:
    """Fresh keys from the operating system's random numbers."""
    suite = get_suite("intl")
    return EngineKeys(suite.generate_signing_key(), suite.generate_signing_key())


def public_key(private: bytes) -> bytes:
    """32-byte Ed25519 public key of a seed.

    Raises:
        BadKey: the seed has not 32 bytes.
    """
    return get_suite("intl").signing_public(private)


def address(public: bytes) -> bytes:
    """The engine's name of a key: the first 20 bytes of its SHA-256."""
    return engine_address(public)


def node_id(public: bytes) -> str:
    """Address of a node key in lower-case hex."""
    return address(public).hex()


def validator_key_file(private: bytes) -> bytes:
    """``priv_validator_key.json`` as the engine reads it."""
    public = public_key(private)
    return _json(
        {
            "address": address(public).hex().upper(),
            "pub_key": typed_public(public),
            "priv_key": _typed_private(private, public),
        }
    )


def node_key_file(private: bytes) -> bytes:
    """``node_key.json`` as the engine reads it."""
    return _json({"priv_key": _typed_private(private, public_key(private))})


def typed_public(public: bytes) -> dict[str, str]:
    """A public key in the engine's JSON."""
    return {"type": _PUBLIC_TYPE, "value": base64.b64encode(public).decode()}


def _typed_private(private: bytes, public: bytes) -> dict[str, str]:
    """The engine keeps seed and public key together."""
    return {"type": _PRIVATE_TYPE, "value": base64.b64encode(private + public).decode()}


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"
