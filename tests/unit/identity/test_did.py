"""DIDs follow from keys; documents keep the rules."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec
import pytest

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.errors import BadKey, BadSignature
from hanse.crypto.suite import Suite, get_suite
from hanse.identity import DidDocument, Directory, Identity, Service, VerificationMethod
from hanse.identity.did import (
    check_did,
    check_document,
    derive_did,
    verify_did,
    verify_registration,
)
from hanse.identity.errors import BadDid, BadDocument, DidMismatch, DidNotFound, KeyNotFound
from hanse.identity.multibase import base58btc

NODE = Service("#node", "HanseNode", "https://node.example")


def test_did_follows_from_suite_and_first_key(suite: Suite) -> None:
    identity = Identity.create(suite)
    assert check_did(identity.did) == identity.did
    verify_did(suite, identity.did, identity.signing_public)
    with pytest.raises(DidMismatch):
        verify_did(suite, identity.did, Identity.create(suite).signing_public)


def test_did_is_stable() -> None:
    """Pinned, computed by hand from the definition: a change would orphan every DID in use."""
    tagged = b"\0\0\0\x0bhanse/did/1" + b"\0\0\0\x04intl" + b"\0\0\0\x20" + bytes(32)
    digest = hashlib.sha256(tagged).digest()[:20]
    expected = "did:hanse:" + base64.b32encode(digest).decode().lower()
    assert derive_did(get_suite("intl"), bytes(32)) == expected
    assert derive_did(get_suite("sm"), bytes(32)) != expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did:hanse:",
        "did:web:example.com",
        "did:hanse:" + "A" * 32,
        "did:hanse:" + "a" * 31,
        "did:hanse:" + "a" * 32 + "\n",
        "did:hanse:" + "1" * 32,
    ],
)
def test_other_texts_are_no_dids(text: str) -> None:
    with pytest.raises(BadDid):
        check_did(text)


def test_document_round_trips_canonically(alice: Identity) -> None:
    document = alice.document([NODE])
    assert canonical.decode(canonical.encode(document), DidDocument) == document


def test_registration_needs_the_first_key(suite: Suite, alice: Identity, eve: Identity) -> None:
    document = alice.document([NODE])
    proof = alice.prove_document(document)
    verify_registration(suite, document, proof)
    with pytest.raises(BadSignature):
        verify_registration(suite, document, eve.prove_document(document))
    with pytest.raises(BadSignature):
        verify_registration(suite, alice.document(), proof)
    stolen = msgspec.structs.replace(eve.document(), id=alice.did)
    with pytest.raises(DidMismatch):
        verify_registration(suite, stolen, eve.prove_document(stolen))
    without = msgspec.structs.replace(document, methods=document.methods[1:])
    with pytest.raises(BadDocument):
        verify_registration(suite, without, alice.prove_document(without))


def _method(document: DidDocument, index: int, **changes: Any) -> DidDocument:
    methods = list(document.methods)
    methods[index] = msgspec.structs.replace(methods[index], **changes)
    return msgspec.structs.replace(document, methods=methods)


def _service(document: DidDocument, **changes: Any) -> DidDocument:
    service = msgspec.structs.replace(NODE, **changes)
    return msgspec.structs.replace(document, services=[service])


@pytest.mark.parametrize(
    "change",
    [
        lambda d: msgspec.structs.replace(d, id="did:web:x"),
        lambda d: msgspec.structs.replace(d, controller="somebody"),
        lambda d: msgspec.structs.replace(d, methods=[*d.methods, d.methods[0]]),
        lambda d: msgspec.structs.replace(
            d,
            methods=[msgspec.structs.replace(d.methods[0], id=f"#key-{i}") for i in range(1, 22)],
        ),
        lambda d: msgspec.structs.replace(d, services=[NODE, NODE]),
        lambda d: _method(d, 0, id="key-1"),
        lambda d: _method(d, 0, id="#key-0"),
        lambda d: _method(d, 0, id="#key-1\n"),
        lambda d: _method(d, 0, purposes=[]),
        lambda d: _method(d, 0, purposes=["authentication", "authentication"]),
        lambda d: _method(d, 0, purposes=["authentication", "keyAgreement"]),
        lambda d: _method(d, 0, type="RsaVerificationKey2018"),
        lambda d: _method(d, 0, public="zz"),
        lambda d: _method(d, 0, public=d.methods[0].public.upper() + "AA"),
        lambda d: _method(d, 0, public=d.methods[0].public[:-2]),
        lambda d: _method(d, 1, public="00" * 32),
        lambda d: _service(d, id="node"),
        lambda d: _service(d, type=""),
        lambda d: _service(d, type="x" * 65),
        lambda d: _service(d, endpoint=""),
        lambda d: _service(d, endpoint="x" * 513),
    ],
)
def test_documents_that_break_a_rule_are_refused(suite: Suite, change: Any) -> None:
    document = Identity.create(suite).document([NODE])
    check_document(suite, document)
    with pytest.raises((BadDid, BadDocument, BadKey)):
        check_document(suite, change(document))


def test_document_of_the_other_suite_is_refused(suite: Suite) -> None:
    other = get_suite("intl" if suite.name == "sm" else "sm")
    with pytest.raises(HanseError):
        check_document(other, Identity.create(suite).document())


def test_keys_are_found_by_purpose(alice: Identity) -> None:
    document = alice.document([NODE])
    for purpose in ("authentication", "assertionMethod"):
        assert document.public_key("#key-1", purpose) == alice.signing_public
        assert document.public_key(alice.did + "#key-1", purpose) == alice.signing_public
    assert document.first("keyAgreement").id == "#key-2"
    assert document.public_key(alice.agreement_kid, "keyAgreement") == alice.agreement_public
    for key_id, purpose in (
        ("#key-1", "keyAgreement"),
        ("#key-2", "authentication"),
        ("#key-3", "authentication"),
        ("did:hanse:" + "a" * 32 + "#key-1", "authentication"),
    ):
        with pytest.raises(KeyNotFound):
            document.public_key(key_id, purpose)  # type: ignore[arg-type]
    with pytest.raises(KeyNotFound):
        msgspec.structs.replace(document, methods=[]).first("authentication")
    assert document.endpoint("HanseNode") == "https://node.example"
    assert document.endpoint("Other") == ""


def test_w3c_form(suite: Suite, alice: Identity) -> None:
    document = alice.document([NODE], controller="did:hanse:" + "a" * 32).to_w3c()
    assert document["@context"][0] == "https://www.w3.org/ns/did/v1"
    assert document["id"] == alice.did
    assert document["controller"] == "did:hanse:" + "a" * 32
    assert document["authentication"] == [alice.signing_kid]
    assert document["assertionMethod"] == [alice.signing_kid]
    assert document["keyAgreement"] == [alice.agreement_kid]
    assert document["service"] == [
        {"id": alice.did + "#node", "type": "HanseNode", "serviceEndpoint": "https://node.example"}
    ]
    first = document["verificationMethod"][0]
    if suite.name == "sm":
        assert first["publicKeyJwk"]["crv"] == "SM2"
    else:
        assert first["publicKeyMultibase"].startswith("z6Mk")  # Ed25519 in did:key's form
        assert document["verificationMethod"][1]["publicKeyMultibase"].startswith("z6LS")
    assert alice.document().to_w3c()["controller"] == alice.did


def test_base58btc_of_published_examples() -> None:
    """draft-msporny-base58-03, section 5."""
    assert base58btc(b"Hello World!") == "z2NEpo7TZRRrLZSi2U"
    assert base58btc(bytes.fromhex("0000287fb4cd")) == "z11233QC4"
    assert base58btc(b"") == "z"


def test_directory_resolves_what_it_was_given(alice: Identity, bob: Identity) -> None:
    directory = Directory([alice.document()])
    assert directory.resolve(alice.did).id == alice.did
    with pytest.raises(DidNotFound):
        directory.resolve(bob.did)
    directory.put(bob.document())
    assert directory.resolve(bob.did).id == bob.did


def test_method_bytes() -> None:
    assert VerificationMethod("#key-1", "x", "00ff", []).public_bytes == b"\x00\xff"
