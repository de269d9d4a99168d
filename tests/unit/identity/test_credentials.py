"""Credentials: issuer, holder, validity, status; every step can refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError, NotFoundError
from hanse.crypto import jws
from hanse.crypto.errors import BadSignature
from hanse.crypto.suite import Suite, get_suite
from hanse.identity import Directory, Identity
from hanse.identity.credentials import (
    Credential,
    StatusValue,
    issue_credential,
    read_credential,
    verify_credential,
)
from hanse.identity.errors import (
    BadCredential,
    BadDid,
    BadToken,
    ChallengeFailed,
    CredentialExpired,
    CredentialRevoked,
    CredentialSuspended,
    DidNotFound,
    KeyNotFound,
    NotTheHolder,
    UntrustedIssuer,
)
from hanse.identity.presentation import present, verify_presentation
from hanse.identity.timestamps import BadTimestamp, from_ms, to_ms

NOW = 1_800_000_000_000
DAY = 24 * 3_600_000


class Registry:
    """A ledger's knowledge, in memory."""

    def __init__(self, issuer: str) -> None:
        self.issuers = {issuer}
        self.lists: dict[str, tuple[str, Any]] = {
            "sl-revoked": (issuer, "revocation"),
            "sl-suspended": (issuer, "suspension"),
        }
        self.set: set[tuple[str, int]] = set()

    def status(self, status_list: str, index: int) -> StatusValue:
        if status_list not in self.lists:
            raise NotFoundError()
        if index > 131_071:
            raise InputError()
        issuer, purpose = self.lists[status_list]
        return StatusValue(issuer, purpose, (status_list, index) in self.set)

    def is_issuer(self, did: str, credential_type: str) -> bool:
        return did in self.issuers and credential_type == "HanseMembershipCredential"


@pytest.fixture
def registry(alice: Identity) -> Registry:
    return Registry(alice.did)


def _issue(issuer: Identity, holder: Identity, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "subject": holder.did,
        "roles": ["data_provider", "auditor"],
        "details": {"name": "示例银行", "country": "CN"},
        "status_list": "sl-revoked",
        "status_index": 94_567,
        "suspension_list": "sl-suspended",
        "valid_from_ms": NOW - DAY,
        "valid_until_ms": NOW + DAY,
        **changes,
    }
    return issue_credential(issuer, **arguments)


@pytest.fixture
def token(alice: Identity, bob: Identity) -> str:
    return _issue(alice, bob)


def _payload(token: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(unb64url(token.split(".")[1]))
    return payload


def _signed(issuer: Identity, payload: Any, **header: str) -> str:
    return jws.sign_jws(
        issuer.suite,
        issuer.sign_bytes,
        json.dumps(payload).encode(),
        kid=header.get("kid", issuer.signing_kid),
        typ=header.get("typ", "vc+jwt"),
    )


def test_credential_verifies_and_reads(
    suite: Suite,
    alice: Identity,
    bob: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
) -> None:
    credential = verify_credential(suite, directory, registry, token, NOW, holder=bob.did)
    assert isinstance(credential, Credential)
    assert (credential.issuer, credential.subject) == (alice.did, bob.did)
    assert credential.roles == ["data_provider", "auditor"]
    assert credential.details == {"name": "示例银行", "country": "CN"}
    assert (credential.valid_from_ms, credential.valid_until_ms) == (NOW - DAY, NOW + DAY)
    assert [(s.purpose, s.status_list, s.index) for s in credential.status] == [
        ("revocation", "sl-revoked", 94_567),
        ("suspension", "sl-suspended", 94_567),
    ]
    assert credential.id.startswith("vc-")
    assert read_credential(suite, token) == credential


def test_form_is_vc_2(suite: Suite, alice: Identity, bob: Identity, token: str) -> None:
    header = json.loads(unb64url(token.split(".", maxsplit=1)[0]))
    assert header == {"alg": suite.signature_algorithm, "kid": alice.signing_kid, "typ": "vc+jwt"}
    payload = _payload(token)
    assert payload["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert payload["type"] == ["VerifiableCredential", "HanseMembershipCredential"]
    assert payload["issuer"] == alice.did
    assert payload["validFrom"].endswith("Z")
    assert payload["credentialSubject"]["id"] == bob.did
    entry = payload["credentialStatus"][0]
    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["statusPurpose"] == "revocation"
    assert entry["statusListIndex"] == "94567"
    assert entry["statusListCredential"] == f"{alice.did}/status/sl-revoked"
    assert entry["id"] == f"{alice.did}/status/sl-revoked#94567"
    # VC-JOSE-COSE 3.1.1: the payload is the credential; there are no such claims.
    assert not {"vc", "vp"} & set(payload)


def test_ids_differ(suite: Suite, alice: Identity, bob: Identity) -> None:
    first, second = (read_credential(suite, _issue(alice, bob)).id for _ in range(2))
    assert first != second


def test_altered_credential_is_refused(
    suite: Suite, directory: Directory, registry: Registry, token: str
) -> None:
    header, _, signature = token.split(".")
    payload = _payload(token)
    payload["credentialSubject"]["roles"] = ["operator"]
    forged = f"{header}.{b64url(json.dumps(payload).encode())}.{signature}"
    with pytest.raises(BadSignature):
        verify_credential(suite, directory, registry, forged, NOW)


def test_self_issued_credential_is_refused(
    suite: Suite, bob: Identity, directory: Directory, registry: Registry
) -> None:
    with pytest.raises(UntrustedIssuer):
        verify_credential(suite, directory, registry, _issue(bob, bob), NOW)


def test_credential_in_anothers_name_is_refused(
    suite: Suite,
    alice: Identity,
    eve: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
) -> None:
    with pytest.raises(BadCredential, match="not the issuer's"):
        verify_credential(suite, directory, registry, _signed(eve, _payload(token)), NOW)
    posing = _signed(eve, _payload(token), kid=alice.signing_kid)
    with pytest.raises(BadSignature):
        verify_credential(suite, directory, registry, posing, NOW)
    wrong_key = _signed(alice, _payload(token), kid=alice.agreement_kid)
    with pytest.raises(KeyNotFound):
        verify_credential(suite, directory, registry, wrong_key, NOW)


def test_other_type_of_credential_needs_its_own_accreditation(
    suite: Suite, alice: Identity, bob: Identity, directory: Directory, registry: Registry
) -> None:
    token = _issue(alice, bob, credential_type="AssetCredential")
    with pytest.raises(UntrustedIssuer):
        verify_credential(suite, directory, registry, token, NOW)


def test_rotated_issuer_key_no_longer_verifies(
    suite: Suite, alice: Identity, directory: Directory, registry: Registry, token: str
) -> None:
    directory.put(alice.with_new_signing_key().document())
    with pytest.raises(BadSignature):
        verify_credential(suite, directory, registry, token, NOW)


def test_unknown_issuer_is_refused(suite: Suite, registry: Registry, token: str) -> None:
    with pytest.raises(DidNotFound):
        verify_credential(suite, Directory(), registry, token, NOW)


@pytest.mark.parametrize("when", [NOW - DAY - 1, NOW + DAY, NOW + 10 * DAY])
def test_credential_out_of_time_is_refused(
    suite: Suite, directory: Directory, registry: Registry, token: str, when: int
) -> None:
    with pytest.raises(CredentialExpired):
        verify_credential(suite, directory, registry, token, when)


def test_revoked_and_suspended_are_told_apart(
    suite: Suite, directory: Directory, registry: Registry, token: str
) -> None:
    registry.set = {("sl-suspended", 94_567), ("sl-revoked", 94_566)}
    with pytest.raises(CredentialSuspended):
        verify_credential(suite, directory, registry, token, NOW)
    registry.set = {("sl-revoked", 94_567)}
    with pytest.raises(CredentialRevoked):
        verify_credential(suite, directory, registry, token, NOW)
    registry.set = set()
    verify_credential(suite, directory, registry, token, NOW)


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"sl-revoked": ("did:hanse:" + "a" * 32, "revocation")},
        {"sl-revoked": ("ALICE", "suspension")},
    ],
)
def test_lists_of_others_do_not_count(
    suite: Suite,
    alice: Identity,
    bob: Identity,
    directory: Directory,
    registry: Registry,
    lists: dict[str, Any],
) -> None:
    registry.lists = {k: (alice.did if i == "ALICE" else i, p) for k, (i, p) in lists.items()}
    token = _issue(alice, bob, suspension_list="")
    with pytest.raises(BadCredential, match="status list"):
        verify_credential(suite, directory, registry, token, NOW)


def test_index_outside_the_list_is_refused(
    suite: Suite, alice: Identity, bob: Identity, directory: Directory, registry: Registry
) -> None:
    token = _issue(alice, bob, status_index=131_072)
    with pytest.raises(BadCredential):
        verify_credential(suite, directory, registry, token, NOW)


def test_anothers_credential_is_refused(
    suite: Suite, eve: Identity, directory: Directory, registry: Registry, token: str
) -> None:
    with pytest.raises(NotTheHolder):
        verify_credential(suite, directory, registry, token, NOW, holder=eve.did)


@pytest.mark.parametrize(
    "change",
    [
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"@context": []},
        {"type": ["VerifiableCredential"]},
        {"type": ["A", "VerifiableCredential"]},
        {"id": "urn:uuid:1"},
        {"issuer": "did:web:example.com"},
        {"validFrom": "yesterday"},
        {"validUntil": "2027-01-01T00:00:00"},
        {"credentialSubject": {"id": "bob", "roles": [], "details": {}}},
        {"credentialSubject": {"roles": [], "details": {}}},
        {"credentialStatus": []},
        {"credentialStatus": None},
    ],
)
def test_signed_but_malformed_is_refused(
    suite: Suite,
    alice: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
    change: dict[str, Any],
) -> None:
    forged = _signed(alice, {**_payload(token), **change})
    with pytest.raises(BadCredential):
        verify_credential(suite, directory, registry, forged, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statusListCredential", "did:hanse:other/status/sl-revoked"),
        ("statusListIndex", "-1"),
        ("statusListIndex", "1e3"),
        ("statusListIndex", "٣"),
        ("statusListIndex", "9" * 10),
        ("type", "StatusList2021Entry"),
        ("statusPurpose", "message"),
    ],
)
def test_malformed_status_is_refused(
    suite: Suite,
    alice: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
    name: str,
    value: str,
) -> None:
    payload = _payload(token)
    payload["credentialStatus"][0][name] = value
    with pytest.raises(BadCredential):
        verify_credential(suite, directory, registry, _signed(alice, payload), NOW)


def test_tokens_of_other_kinds_are_refused(
    suite: Suite, alice: Identity, directory: Directory, registry: Registry, token: str
) -> None:
    other = get_suite("intl" if suite.name == "sm" else "sm")
    with pytest.raises(BadToken):
        verify_credential(other, directory, registry, token, NOW)
    for bad in ("", "a.b.c", token + "x" * 64_000, _signed(alice, _payload(token), typ="JWT")):
        with pytest.raises(BadToken):
            verify_credential(suite, directory, registry, bad, NOW)


def test_issuing_refuses_bad_claims(alice: Identity, bob: Identity) -> None:
    for changes in (
        {"valid_until_ms": NOW - DAY},
        {"status_index": -1},
        {"details": {"x": "y" * 64_000}},
    ):
        with pytest.raises(BadCredential):
            _issue(alice, bob, **changes)
    with pytest.raises(BadDid):
        _issue(alice, bob, subject="bob")
    with pytest.raises(BadTimestamp):
        _issue(alice, bob, valid_until_ms=10**18)


def test_presentation_is_bound_to_holder_verifier_and_occasion(
    suite: Suite,
    alice: Identity,
    bob: Identity,
    eve: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
) -> None:
    def verify(shown: str, audience: str = eve.did, nonce: str = "n1") -> list[Credential]:
        return verify_presentation(
            suite, directory, registry, shown, NOW, audience=audience, nonce=nonce
        )

    shown = present(bob, [token], audience=eve.did, nonce="n1")
    assert [c.subject for c in verify(shown)] == [bob.did]
    with pytest.raises(ChallengeFailed):
        verify(shown, nonce="n2")
    with pytest.raises(ChallengeFailed):
        verify(shown, audience=alice.did)
    with pytest.raises(NotTheHolder):  # Eve shows Bob's credential as hers
        verify(present(eve, [token], audience=eve.did, nonce="n1"))
    with pytest.raises(BadToken):
        verify(token)
    registry.set = {("sl-revoked", 94_567)}
    with pytest.raises(CredentialRevoked):
        verify(shown)


@pytest.mark.parametrize(
    "change",
    [
        {"type": ["VerifiableCredential"]},
        {"@context": []},
        {"verifiableCredential": []},
        {"verifiableCredential": "x"},
        {"verifiableCredential": [{"@context": "x", "id": "data:,x", "type": "y"}]},
        {"holder": "did:hanse:" + "a" * 32},
    ],
)
def test_malformed_presentations_are_refused(
    suite: Suite,
    bob: Identity,
    eve: Identity,
    directory: Directory,
    registry: Registry,
    token: str,
    change: dict[str, Any],
) -> None:
    shown = present(bob, [token], audience=eve.did, nonce="n1")
    forged = _signed(bob, {**_payload(shown), **change}, typ="vp+jwt")
    with pytest.raises(BadCredential):
        verify_presentation(suite, directory, registry, forged, NOW, audience=eve.did, nonce="n1")
    for count in (0, 17):
        with pytest.raises(BadCredential):
            present(bob, [token] * count, audience=eve.did, nonce="n1")


def test_timestamps() -> None:
    assert from_ms(1_800_000_000_999) == "2027-01-15T08:00:00Z"
    assert to_ms("2027-01-15T08:00:00Z") == NOW
    assert to_ms("2027-01-15T16:00:00.5+08:00") == NOW + 500
    for bad in ("", "2027-01-15T08:00:00", "x"):
        with pytest.raises(BadTimestamp):
            to_ms(bad)
