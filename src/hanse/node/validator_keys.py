"""Keys of this organisation's engine, and the proofs that it holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hanse.contracts.validators.proofs import (
    CERTIFICATE_DOMAIN,
    ENGINE_DOMAIN,
    key_statement,
)
from hanse.contracts.validators.types import NodeRecord
from hanse.crypto.suite import Suite, get_suite


@dataclass(frozen=True)
class ValidatorKeys:
    """What the node votes and certifies with.

    Attributes:
        suite: of the network.
        engine: Ed25519 seed that signs the engine's votes, 32 bytes.
        certificate: private key of the suite that signs commit certificates, 32 bytes.
        node_id: the engine's name of the node, 40 hex digits.
    """

    suite: Suite
    engine: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    node_id: str

    @property
    def engine_public(self) -> str:
        """Hex."""
        return get_suite("intl").signing_public(self.engine).hex()

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
        engine = key_statement(chain, did, self.engine_public)
        certificate = key_statement(chain, did, self.certificate_public)
        return {
            "engine_public": self.engine_public,
            "engine_proof": get_suite("intl").sign(self.engine, ENGINE_DOMAIN, engine).hex(),
            "certificate_public": self.certificate_public,
            "certificate_proof": self.suite.sign(
                self.certificate, CERTIFICATE_DOMAIN, certificate
            ).hex(),
        }
