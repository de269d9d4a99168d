"""Identities keep their keys, change them safely and show none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.core import canonical
from hanse.crypto.errors import BadSignature, NoSuchKey
from hanse.crypto.keystore import KdfCost, Keystore
from hanse.crypto.suite import Suite
from hanse.identity import Identity
from hanse.identity.did import check_document
from hanse.identity.errors import IdentityExists, KeyNotFound
from hanse.identity.holder import NEXT_ENTRY

CHEAP = KdfCost(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def keystore(tmp_path: Path, suite: Suite) -> Keystore:
    return Keystore.create(tmp_path / "keys", "long passphrase", suite, cost=CHEAP)


def test_saved_identity_is_the_same(keystore: Keystore, suite: Suite, alice: Identity) -> None:
    alice.save(keystore)
    loaded = Identity.load(Keystore.open(keystore.path, "long passphrase"))
    assert loaded.document() == alice.document()
    assert loaded.suite is suite
    suite.verify(alice.signing_public, "hanse/test/1", b"m", loaded.sign("hanse/test/1", b"m"))


def test_another_identity_is_not_overwritten(
    keystore: Keystore, alice: Identity, bob: Identity
) -> None:
    alice.save(keystore)
    alice.save(keystore)
    with pytest.raises(IdentityExists):
        bob.save(keystore)
    assert Identity.load(keystore).did == alice.did


def test_empty_keystore_has_no_identity(keystore: Keystore) -> None:
    with pytest.raises(NoSuchKey):
        Identity.load(keystore)


def test_agreement_is_mutual(alice: Identity, bob: Identity) -> None:
    assert alice.agree(bob.agreement_public) == bob.agree(alice.agreement_public)


def test_new_signing_key_keeps_did_and_id(suite: Suite, alice: Identity) -> None:
    rotated = alice.with_new_signing_key()
    assert (rotated.did, rotated.signing_key_id) == (alice.did, "#key-1")
    assert rotated.signing_public != alice.signing_public
    assert rotated.agreement_public == alice.agreement_public
    check_document(suite, rotated.document())
    with pytest.raises(BadSignature):
        suite.verify(rotated.signing_public, "hanse/test/1", b"m", alice.sign("hanse/test/1", b"m"))


def test_rotation_is_proven_by_the_new_key(suite: Suite, alice: Identity) -> None:
    rotated = alice.with_new_signing_key()
    claim = {"did": alice.did, "key": "#key-1", "public": rotated.signing_public.hex()}
    message = canonical.encode(claim)
    suite.verify(rotated.signing_public, "hanse/rotation/1", message, rotated.prove_rotation())


def test_both_keys_survive_a_crash_during_rotation(keystore: Keystore, alice: Identity) -> None:
    alice.save(keystore)
    rotated = alice.with_new_signing_key()
    rotated.save(keystore, NEXT_ENTRY)
    again = Keystore.open(keystore.path, "long passphrase")
    assert Identity.load(again).signing_public == alice.signing_public
    assert Identity.load(again, NEXT_ENTRY).signing_public == rotated.signing_public


def test_former_agreement_keys_still_open(suite: Suite, alice: Identity) -> None:
    changed = alice.with_new_agreement_key()
    assert changed.agreement_key_id == "#key-3"
    assert changed.agreement_public != alice.agreement_public
    assert changed.agreement_private("#key-2") == alice.agreement_private()
    assert changed.agreement_private(changed.did + "#key-3") == changed.agreement_private()
    assert changed.with_new_agreement_key().agreement_key_id == "#key-4"
    check_document(suite, changed.document())


def test_only_agreement_keys_are_handed_out(alice: Identity) -> None:
    for key_id in ("#key-1", "#key-9", "nonsense"):
        with pytest.raises(KeyNotFound):
            alice.agreement_private(key_id)


def test_nothing_secret_in_repr(alice: Identity) -> None:
    text = repr(alice) + str(alice)
    assert alice.did in text
    assert alice.agreement_private().hex() not in text
