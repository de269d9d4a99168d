"""Keys of a node that takes part in ordering: in its keystore, and proven to be held."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.contracts.validators.proofs import (
    CERTIFICATE_DOMAIN,
    ENGINE_DOMAIN,
    key_statement,
)
from hanse.contracts.validators.types import NodeRecord
from hanse.crypto.keystore import Keystore
from hanse.crypto.suite import Suite, get_suite
from hanse.ledger.bft.engine.keys import EngineKeys, new_keys

ENGINE_ENTRY = "engine"
TRANSPORT_ENTRY = "engine-transport"
CERTIFICATE_ENTRY = "certificate"


@dataclass(frozen=True, repr=False)
class OrderingKeys:
    """What a node votes and certifies with.

    Attributes:
        suite: of the network.
        engine: of the engine: for its votes and to name the node to others.
        certificate: private key of the suite that signs commit certificates, 32 bytes.
    """

    suite: Suite
    engine: EngineKeys
    certificate: bytes

    @property
    def engine_public(self) -> str:
        """Hex."""
        return self.engine.validator_public.hex()

    @property
    def certificate_public(self) -> str:
        """Hex."""
        return self.suite.signing_public(self.certificate).hex()

    def are_those_of(self, node: NodeRecord) -> bool:
        """Whether a registered node has these keys."""
        registered = (node.engine_public, node.certificate_public)
        return registered == (self.engine_public, self.certificate_public)

    def proofs(self, chain: str, did: str) -> dict[str, str]:
        """The four fields by which a message names the keys and proves to hold them."""
        voting, engine = get_suite("intl"), key_statement(chain, did, self.engine_public)
        certificate = key_statement(chain, did, self.certificate_public)
        return {
            "engine_public": self.engine_public,
            "engine_proof": voting.sign(self.engine.validator, ENGINE_DOMAIN, engine).hex(),
            "certificate_public": self.certificate_public,
            "certificate_proof": self.suite.sign(
                self.certificate, CERTIFICATE_DOMAIN, certificate
            ).hex(),
        }


def create_ordering_keys(keystore: Keystore) -> OrderingKeys:
    """Make the keys of a node that takes part in ordering; those it has stay."""
    engine = new_keys()
    made = {
        ENGINE_ENTRY: engine.validator,
        TRANSPORT_ENTRY: engine.node,
        CERTIFICATE_ENTRY: keystore.suite.generate_signing_key(),
    }
    for name, key in made.items():
        if name not in keystore.names():
            keystore.put(name, key)
    return ordering_keys(keystore)


def ordering_keys(keystore: Keystore) -> OrderingKeys:
    """The keys; raises NoSuchKey at nodes that take no part in ordering."""
    return OrderingKeys(
        suite=keystore.suite,
        engine=EngineKeys(validator=keystore.get(ENGINE_ENTRY), node=keystore.get(TRANSPORT_ENTRY)),
        certificate=keystore.get(CERTIFICATE_ENTRY),
    )


def has_ordering_keys(keystore: Keystore) -> bool:
    """Whether this node was prepared to take part in ordering."""
    return ENGINE_ENTRY in keystore.names()
