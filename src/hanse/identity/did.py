"""DIDs and DID documents (W3C DID Core 1.0), method ``hanse``.

``did:hanse:`` is followed by the base32 of the first 20 bytes of
``H(tagged("hanse/did/1", suite name, initial signing public key))``. So a DID can be checked
against its first key without asking anybody, nobody can register another's, and keys can be
rotated while the DID stays: the ledger's document says which keys hold now.

Signing and agreement keys are apart, as GM/T 0009 and good practice demand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, Protocol

import msgspec

from hanse.core import canonical
from hanse.core.encoding import b64url
from hanse.core.ids import b32
from hanse.crypto.suite import Suite
from hanse.identity.errors import BadDid, BadDocument, DidMismatch, DidNotFound, KeyNotFound
from hanse.identity.multibase import base58btc

METHOD_PREFIX = "did:hanse:"
DID_DOMAIN = "hanse/did/1"
REGISTRATION_DOMAIN = "hanse/registration/1"
ROTATION_DOMAIN = "hanse/rotation/1"
FIRST_KEY = "#key-1"
MAX_METHODS = 20
MAX_SERVICES = 20
MAX_ENDPOINT_CHARACTERS = 512

Purpose = Literal["authentication", "assertionMethod", "keyAgreement"]
SIGNING: tuple[Purpose, ...] = ("authentication", "assertionMethod")
AGREEMENT: tuple[Purpose, ...] = ("keyAgreement",)

SIGNING_TYPES = {"sm": "SM2VerificationKey2025", "intl": "Ed25519VerificationKey2020"}
AGREEMENT_TYPES = {"sm": "SM2VerificationKey2025", "intl": "X25519KeyAgreementKey2020"}

_DID = re.compile(r"^did:hanse:[a-z2-7]{32}\Z")
_KEY_ID = re.compile(r"^#key-[1-9][0-9]{0,5}\Z")
_SERVICE_ID = re.compile(r"^#[a-z][a-z0-9-]{0,31}\Z")
_CONTEXTS = {
    "SM2VerificationKey2025": "https://w3id.org/security/jwk/v1",
    "Ed25519VerificationKey2020": "https://w3id.org/security/suites/ed25519-2020/v1",
    "X25519KeyAgreementKey2020": "https://w3id.org/security/suites/x25519-2020/v1",
}
# Multicodec prefixes of the table at github.com/multiformats/multicodec.
_MULTICODEC = {
    "Ed25519VerificationKey2020": b"\xed\x01",
    "X25519KeyAgreementKey2020": b"\xec\x01",
}


class VerificationMethod(msgspec.Struct, frozen=True):
    """A public key and what it may be used for.

    Attributes:
        id: fragment, ``#key-1``.
        type: ``SM2VerificationKey2025``, ``Ed25519VerificationKey2020`` or
            ``X25519KeyAgreementKey2020``.
        public: key bytes in hex, as the suite encodes them.
        purposes: verification relationships of DID Core, section 5.3.
    """

    id: str
    type: str
    public: str
    purposes: list[Purpose]

    @property
    def public_bytes(self) -> bytes:
        """The key."""
        return bytes.fromhex(self.public)


class Service(msgspec.Struct, frozen=True):
    """Where the subject can be reached (DID Core, section 5.4)."""

    id: str
    type: str
    endpoint: str


class DidDocument(msgspec.Struct, frozen=True):
    """The document the ledger holds for a DID.

    Attributes:
        id: the DID.
        methods: keys that hold now.
        services: endpoints.
        controller: DID that may act for this one, or empty for itself.
    """

    id: str
    methods: list[VerificationMethod]
    services: list[Service] = []
    controller: str = ""

    def method(self, key_id: str, purpose: Purpose) -> VerificationMethod:
        """The key by fragment (``#key-1``) or full id, if it holds for the purpose.

        Raises:
            KeyNotFound: otherwise.
        """
        fragment = key_id.removeprefix(self.id)
        for method in self.methods:
            if method.id == fragment and purpose in method.purposes:
                return method
        raise KeyNotFound(f"{self.id} has no key {fragment[:20]!r} for {purpose}")

    def first(self, purpose: Purpose) -> VerificationMethod:
        """The first key for the purpose; raises `KeyNotFound` when there is none."""
        for method in self.methods:
            if purpose in method.purposes:
                return method
        raise KeyNotFound(f"{self.id} has no key for {purpose}")

    def public_key(self, key_id: str, purpose: Purpose) -> bytes:
        """Key bytes of `method`."""
        return self.method(key_id, purpose).public_bytes

    def endpoint(self, service_type: str) -> str:
        """Endpoint of the first service of that type, or empty."""
        return next((s.endpoint for s in self.services if s.type == service_type), "")

    def to_w3c(self) -> dict[str, Any]:
        """The document in the JSON representation of DID Core, section 6.2."""
        contexts = dict.fromkeys(_CONTEXTS[m.type] for m in self.methods if m.type in _CONTEXTS)
        document: dict[str, Any] = {
            "@context": ["https://www.w3.org/ns/did/v1", *contexts],
            "id": self.id,
            "controller": self.controller or self.id,
            "verificationMethod": [_method_to_w3c(self.id, m) for m in self.methods],
            "service": [
                {"id": self.id + s.id, "type": s.type, "serviceEndpoint": s.endpoint}
                for s in self.services
            ],
        }
        for purpose in (*SIGNING, *AGREEMENT):
            document[purpose] = [self.id + m.id for m in self.methods if purpose in m.purposes]
        return document


class Resolver(Protocol):
    """Reads DID documents, usually from ledger state."""

    def resolve(self, did: str) -> DidDocument:
        """The current document; raises `DidNotFound` (or another `NotFoundError`)."""
        ...


class Directory:
    """A resolver over documents at hand: before a ledger exists, and for offline checks."""

    def __init__(self, documents: Iterable[DidDocument] = ()) -> None:
        self._documents = {document.id: document for document in documents}

    def put(self, document: DidDocument) -> None:
        """Add or replace a document."""
        self._documents[document.id] = document

    def resolve(self, did: str) -> DidDocument:
        """The document; raises `DidNotFound`."""
        document = self._documents.get(did)
        if document is None:
            raise DidNotFound(f"no document for {did[:60]}")
        return document


def derive_did(suite: Suite, signing_public: bytes) -> str:
    """The DID whose first signing key is ``signing_public``."""
    parts = (suite.name.encode("ascii"), signing_public)
    return METHOD_PREFIX + b32(suite.hash(canonical.tagged(DID_DOMAIN, *parts))[:20])


def check_did(text: str) -> str:
    """Return ``text`` when it is a DID of this method; raises `BadDid` otherwise."""
    if not _DID.match(text):
        raise BadDid(f"not a DID: {text[:60]!r}")
    return text


def verify_did(suite: Suite, did: str, signing_public: bytes) -> None:
    """Check that ``did`` belongs to its first signing key; raises `DidMismatch`."""
    if derive_did(suite, signing_public) != did:
        raise DidMismatch()


def check_document(suite: Suite, document: DidDocument) -> None:
    """Check the rules every document keeps, whoever wrote it.

    Raises:
        BadDid: the id or controller is no DID.
        BadDocument: naming the rule broken.
    """
    check_did(document.id)
    if document.controller:
        check_did(document.controller)
    _check_unique([method.id for method in document.methods], MAX_METHODS, "keys")
    _check_unique([service.id for service in document.services], MAX_SERVICES, "services")
    for method in document.methods:
        _check_method(suite, method)
    for service in document.services:
        _check_service(service)


def verify_registration(suite: Suite, document: DidDocument, proof: bytes) -> None:
    """Check a first document and the proof that its maker holds its first key.

    Steps: 1. the rules of every document; 2. the DID follows from ``#key-1``; 3. ``#key-1``
    signed the canonical document in the domain ``hanse/registration/1``.

    Raises:
        BadDocument, DidMismatch, BadSignature.
    """
    check_document(suite, document)
    try:
        public = document.public_key(FIRST_KEY, "authentication")
    except KeyNotFound as error:
        raise BadDocument("a first document holds #key-1 for authentication") from error
    verify_did(suite, document.id, public)
    suite.verify(public, REGISTRATION_DOMAIN, canonical.encode(document), proof)


def _check_unique(ids: list[str], limit: int, what: str) -> None:
    if len(set(ids)) != len(ids):
        raise BadDocument(f"the ids of {what} must differ")
    if len(ids) > limit:
        raise BadDocument(f"at most {limit} {what}")


def _check_method(suite: Suite, method: VerificationMethod) -> None:
    if not _KEY_ID.match(method.id):
        raise BadDocument("key ids look like #key-1")
    purposes = set(method.purposes)
    if not purposes or len(purposes) != len(method.purposes):
        raise BadDocument("every key has purposes, each once")
    agreement = "keyAgreement" in purposes
    if agreement and len(purposes) > 1:
        raise BadDocument("a key is for signing or for agreement, not for both")
    types = AGREEMENT_TYPES if agreement else SIGNING_TYPES
    if method.type != types[suite.name]:
        raise BadDocument(f"keys for this purpose have type {types[suite.name]}")
    suite.check_public(_hex(method.public), "agreement" if agreement else "signing")


def _check_service(service: Service) -> None:
    if not _SERVICE_ID.match(service.id):
        raise BadDocument("service ids look like #node")
    if not service.type or len(service.type) > 64:
        raise BadDocument("a service has a type of at most 64 characters")
    if not service.endpoint or len(service.endpoint) > MAX_ENDPOINT_CHARACTERS:
        raise BadDocument(f"an endpoint has 1 to {MAX_ENDPOINT_CHARACTERS} characters")


def _hex(text: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise BadDocument("public keys are lower-case hex") from error
    if data.hex() != text:
        raise BadDocument("public keys are lower-case hex")
    return data


def _method_to_w3c(did: str, method: VerificationMethod) -> dict[str, Any]:
    public = method.public_bytes
    entry: dict[str, Any] = {"id": did + method.id, "type": method.type, "controller": did}
    prefix = _MULTICODEC.get(method.type)
    if prefix is not None:
        entry["publicKeyMultibase"] = base58btc(prefix + public)
    else:
        x, y = b64url(public[1:33]), b64url(public[33:])
        entry["publicKeyJwk"] = {"kty": "EC", "crv": "SM2", "x": x, "y": y}
    return entry
