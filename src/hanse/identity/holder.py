"""An identity and its private keys, as its owner's process holds it.

Private keys come from a keystore, stay in this object and never enter ``repr``, logs or
errors. A changed key makes a new object, the successor; the old one still works until the ledger
has the change. A running node has one object in use everywhere, which then takes over the
successor's keys.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hanse.core import canonical
from hanse.crypto.keystore import Keystore
from hanse.crypto.suite import Suite, get_suite
from hanse.identity.did import (
    AGREEMENT,
    AGREEMENT_TYPES,
    FIRST_KEY,
    REGISTRATION_DOMAIN,
    ROTATION_DOMAIN,
    SIGNING,
    SIGNING_TYPES,
    DidDocument,
    Purpose,
    Service,
    VerificationMethod,
    derive_did,
)
from hanse.identity.errors import IdentityExists, KeyNotFound

ENTRY = "identity"
NEXT_ENTRY = "identity/next"


class _Stored(msgspec.Struct, frozen=True):
    v: int
    did: str
    suite: str
    signing_key_id: str
    agreement_key_id: str
    keys: dict[str, str]


class Identity:
    """A DID with its private keys.

    Attributes:
        did: the DID.
        suite: the suite of its keys.
        signing_key_id: fragment of the key that signs now.
        agreement_key_id: fragment of the key that others seal to now.
        successor: the same DID with a signing key that is announced, or about to be; None when
            no change is under way.
    """

    def __init__(
        self,
        suite: Suite,
        did: str,
        keys: dict[str, bytes],
        *,
        signing_key_id: str = FIRST_KEY,
        agreement_key_id: str = "#key-2",
    ) -> None:
        self.suite = suite
        self.did = did
        self.signing_key_id = signing_key_id
        self.agreement_key_id = agreement_key_id
        self._keys = dict(keys)
        self.successor: Identity | None = None

    def __repr__(self) -> str:
        return f"Identity({self.did})"

    @classmethod
    def create(cls, suite: Suite) -> Identity:
        """A new identity with fresh keys, known to nobody yet."""
        keys = {FIRST_KEY: suite.generate_signing_key(), "#key-2": suite.generate_agreement_key()}
        return cls(suite, derive_did(suite, suite.signing_public(keys[FIRST_KEY])), keys)

    @classmethod
    def load(cls, keystore: Keystore, entry: str = ENTRY) -> Identity:
        """The identity of a keystore; raises `NoSuchKey` when it holds none."""
        stored = canonical.decode_trusted(keystore.get(entry), _Stored)
        return cls(
            get_suite(stored.suite),
            stored.did,
            {key_id: bytes.fromhex(key) for key_id, key in stored.keys.items()},
            signing_key_id=stored.signing_key_id,
            agreement_key_id=stored.agreement_key_id,
        )

    def save(self, keystore: Keystore, entry: str = ENTRY) -> None:
        """Write the identity to a keystore.

        Raises:
            IdentityExists: when the keystore holds another identity.
        """
        if entry in keystore.names():
            present = canonical.decode_trusted(keystore.get(entry), _Stored)
            if present.did != self.did:
                raise IdentityExists()
        stored = _Stored(
            v=1,
            did=self.did,
            suite=self.suite.name,
            signing_key_id=self.signing_key_id,
            agreement_key_id=self.agreement_key_id,
            keys={key_id: key.hex() for key_id, key in self._keys.items()},
        )
        keystore.put(entry, msgspec.json.encode(stored))

    def sign(self, domain: str, message: bytes) -> bytes:
        """Sign with the present signing key, in a domain."""
        return self.suite.sign(self._keys[self.signing_key_id], domain, message)

    def sign_bytes(self, data: bytes) -> bytes:
        """Sign a JWS signing input (JOSE only; see `Suite.sign_bytes`)."""
        return self.suite.sign_bytes(self._keys[self.signing_key_id], data)

    def agree(self, public: bytes) -> bytes:
        """Diffie–Hellman secret of the present agreement key and another's public key."""
        return self.suite.agree(self._keys[self.agreement_key_id], public)

    def agreement_private(self, key_id: str = "") -> bytes:
        """A private agreement key, present or past, for opening what was sealed to it.

        Args:
            key_id: fragment or full id; empty for the present key.

        Raises:
            KeyNotFound: when this identity never had that key, or it is the signing key.
        """
        fragment = key_id.removeprefix(self.did) or self.agreement_key_id
        key = self._keys.get(fragment)
        if key is None or fragment == self.signing_key_id:
            raise KeyNotFound("this identity holds no such agreement key")
        return key

    @property
    def signing_public(self) -> bytes:
        """Public half of the present signing key."""
        return self.suite.signing_public(self._keys[self.signing_key_id])

    @property
    def agreement_public(self) -> bytes:
        """Public half of the present agreement key."""
        return self.suite.agreement_public(self._keys[self.agreement_key_id])

    @property
    def signing_kid(self) -> str:
        """Full id of the present signing key, ``did:hanse:…#key-1``."""
        return self.did + self.signing_key_id

    @property
    def agreement_kid(self) -> str:
        """Full id of the present agreement key."""
        return self.did + self.agreement_key_id

    def document(self, services: Iterable[Service] = (), *, controller: str = "") -> DidDocument:
        """The DID document with the present keys."""
        name = self.suite.name
        signing, agreement = self.signing_public.hex(), self.agreement_public.hex()
        methods = [
            _method(self.signing_key_id, SIGNING_TYPES[name], signing, SIGNING),
            _method(self.agreement_key_id, AGREEMENT_TYPES[name], agreement, AGREEMENT),
        ]
        return DidDocument(self.did, methods, list(services), controller)

    def prove_document(self, document: DidDocument) -> bytes:
        """Signature over a document, as registration and updates ask for."""
        return self.sign(REGISTRATION_DOMAIN, canonical.encode(document))

    def with_new_signing_key(self) -> Identity:
        """The same DID with a fresh signing key under the same id.

        Save the result under `NEXT_ENTRY`, let this object send the rotation to the ledger with
        the result's `prove_rotation`, and save the result as the identity once the ledger has
        it: a crash in between loses neither key.
        """
        keys = {**self._keys, self.signing_key_id: self.suite.generate_signing_key()}
        return Identity(
            self.suite,
            self.did,
            keys,
            signing_key_id=self.signing_key_id,
            agreement_key_id=self.agreement_key_id,
        )

    def take_over(self) -> None:
        """Go on with the successor's keys; call once the ledger has them.

        Raises:
            KeyNotFound: there is no successor.
        """
        successor = self.successor
        if successor is None:
            raise KeyNotFound("no change of keys is under way")
        # One assignment: another thread signs with the old key or the new, never with neither.
        self._keys = dict(successor._keys)
        self.successor = None

    def prove_rotation(self) -> bytes:
        """Signature of a new key over ``{did, key, public}``: it is held by who announces it."""
        claim = {
            "did": self.did,
            "key": self.signing_key_id,
            "public": self.signing_public.hex(),
        }
        return self.sign(ROTATION_DOMAIN, canonical.encode(claim))

    def with_new_agreement_key(self) -> Identity:
        """The same DID with a fresh agreement key under the next id.

        Former agreement keys stay, to open what was sealed to them.
        """
        number = max(int(key_id.removeprefix("#key-")) for key_id in self._keys)
        agreement = f"#key-{number + 1}"
        return Identity(
            self.suite,
            self.did,
            {**self._keys, agreement: self.suite.generate_agreement_key()},
            signing_key_id=self.signing_key_id,
            agreement_key_id=agreement,
        )


def _method(
    key_id: str, type_: str, public: str, purposes: tuple[Purpose, ...]
) -> VerificationMethod:
    return VerificationMethod(key_id, type_, public, list(purposes))
