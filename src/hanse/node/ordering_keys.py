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
NEXT_ENGINE_ENTRY = "engine-next"
TRANSPORT_ENTRY = "engine-transport"
CERTIFICATE_ENTRY = "certificate"
NEXT_CERTIFICATE_ENTRY = "certificate-next"


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


class Keyring:
    """The keys in use and those that are to follow; the ledger says which holds at a height.

    The new ones are on disk beside the old before the ledger hears of them, and the old are
    forgotten only when the ledger shows the new.

    Attributes:
        current: in use.
        successor: proposed to the ledger, or about to be; None when no change is under way.
        engine: keys that may vote: public, hex → private. Only grows, so it may be shared.
        certificate: the same of those that certify.
    """

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore
        self.engine: dict[str, bytes] = {}
        self.certificate: dict[str, bytes] = {}
        self.current = self._known(ordering_keys(keystore))
        self.successor: OrderingKeys | None = None
        if NEXT_ENGINE_ENTRY in keystore.names():
            self.successor = self._known(ordering_keys(keystore, following=True))

    def prepare(self, *, engine: bool, certificate: bool) -> OrderingKeys:
        """Make successors of these keys; the other one stays. A change under way is kept."""
        if self.successor is None:
            voting = new_keys().validator if engine else self.current.engine.validator
            suite, store = self.current.suite, self._keystore
            certifying = suite.generate_signing_key() if certificate else self.current.certificate
            store.put(NEXT_CERTIFICATE_ENTRY, certifying)
            store.put(NEXT_ENGINE_ENTRY, voting)
            self.successor = self._known(ordering_keys(store, following=True))
        return self.successor

    def take_over(self) -> None:
        """From now on the successor is in use."""
        if self.successor is not None:
            self._keystore.put(ENGINE_ENTRY, self.successor.engine.validator)
            self._keystore.put(CERTIFICATE_ENTRY, self.successor.certificate)
            self.current = self.successor
            self.drop()

    def drop(self) -> None:
        """Give the successor up."""
        self.successor = None
        for entry in (NEXT_ENGINE_ENTRY, NEXT_CERTIFICATE_ENTRY):
            if entry in self._keystore.names():
                self._keystore.delete(entry)

    def _known(self, keys: OrderingKeys) -> OrderingKeys:
        self.engine[keys.engine_public] = keys.engine.validator
        self.certificate[keys.certificate_public] = keys.certificate
        return keys


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


def ordering_keys(keystore: Keystore, *, following: bool = False) -> OrderingKeys:
    """The keys, or those that are to follow; raises NoSuchKey where there are none."""
    engine = NEXT_ENGINE_ENTRY if following else ENGINE_ENTRY
    certificate = NEXT_CERTIFICATE_ENTRY if following else CERTIFICATE_ENTRY
    return OrderingKeys(
        suite=keystore.suite,
        engine=EngineKeys(validator=keystore.get(engine), node=keystore.get(TRANSPORT_ENTRY)),
        certificate=keystore.get(certificate),
    )


def has_ordering_keys(keystore: Keystore) -> bool:
    """Whether this node was prepared to take part in ordering."""
    return ENGINE_ENTRY in keystore.names()
