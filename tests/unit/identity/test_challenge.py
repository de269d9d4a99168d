"""Challenges: once, in time, by the right key, for the right verifier."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hanse.core.errors import AuthenticationError
from hanse.identity import Directory, Identity
from hanse.identity.challenge import Answer, ChallengeBook, answer
from hanse.identity.errors import BadDid, ChallengeFailed, TooManyChallenges

NOW = 1_800_000_000_000


@pytest.fixture
def book(bob: Identity) -> ChallengeBook:
    return ChallengeBook(bob.suite, bob.did, limit=3)


def test_answer_proves_control(
    alice: Identity, bob: Identity, book: ChallengeBook, directory: Directory
) -> None:
    challenge = book.issue(alice.did)
    assert book.verify(directory, answer(alice, challenge, audience=bob.did)) == alice.did


def test_answer_counts_once(
    alice: Identity, bob: Identity, book: ChallengeBook, directory: Directory
) -> None:
    response = answer(alice, book.issue(alice.did, now_ms=NOW), audience=bob.did)
    book.verify(directory, response, now_ms=NOW)
    with pytest.raises(ChallengeFailed):
        book.verify(directory, response, now_ms=NOW)


def test_late_answer_is_refused(
    alice: Identity, bob: Identity, book: ChallengeBook, directory: Directory
) -> None:
    response = answer(alice, book.issue(alice.did, now_ms=NOW), audience=bob.did)
    with pytest.raises(ChallengeFailed):
        book.verify(directory, response, now_ms=NOW + 60_001)


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "ch-" + "a" * 26},
        {"did": "did:hanse:" + "a" * 32},
        {"kid": "#key-2"},
        {"kid": "#key-7"},
        {"signature": "00" * 64},
        {"signature": "not hex"},
        {"signature": ""},
        {"signature": 5},
        {"extra": "x"},
    ],
)
def test_altered_answer_is_refused_and_uses_the_challenge_up(
    alice: Identity,
    bob: Identity,
    book: ChallengeBook,
    directory: Directory,
    changes: dict[str, Any],
) -> None:
    challenge = book.issue(alice.did, now_ms=NOW)
    response: dict[str, Any] = answer(alice, challenge, audience=bob.did)
    with pytest.raises(ChallengeFailed) as caught:
        book.verify(directory, {**response, **changes}, now_ms=NOW)
    assert isinstance(caught.value, AuthenticationError)
    assert caught.value.debug
    assert caught.value.debug not in caught.value.message
    well_formed = {"did", "kid", "signature"}.issuperset(changes) and changes != {"signature": 5}
    if well_formed:
        with pytest.raises(ChallengeFailed):
            book.verify(directory, response, now_ms=NOW)


def test_anothers_key_does_not_answer(
    alice: Identity, bob: Identity, eve: Identity, book: ChallengeBook, directory: Directory
) -> None:
    challenge = book.issue(alice.did, now_ms=NOW)
    posing = msgspec.structs.replace(challenge, did=eve.did)
    forged = {**answer(eve, posing, audience=bob.did), "did": alice.did, "kid": "#key-1"}
    with pytest.raises(ChallengeFailed):
        book.verify(directory, forged, now_ms=NOW)


def test_relayed_challenge_is_not_answered(
    alice: Identity, bob: Identity, eve: Identity, book: ChallengeBook, directory: Directory
) -> None:
    """Eve asks Bob for a challenge to Alice and hands it to Alice as her own."""
    challenge = book.issue(alice.did, now_ms=NOW)
    with pytest.raises(ChallengeFailed):
        answer(alice, challenge, audience=eve.did)
    relabelled = msgspec.structs.replace(challenge, audience=eve.did)
    with pytest.raises(ChallengeFailed):
        book.verify(directory, answer(alice, relabelled, audience=eve.did), now_ms=NOW)


def test_challenge_for_another_did_is_not_answered(
    alice: Identity, bob: Identity, eve: Identity, book: ChallengeBook
) -> None:
    with pytest.raises(ChallengeFailed):
        answer(eve, book.issue(alice.did), audience=bob.did)


def test_unregistered_did_fails_like_any_other(
    alice: Identity, bob: Identity, book: ChallengeBook
) -> None:
    response = answer(alice, book.issue(alice.did), audience=bob.did)
    with pytest.raises(ChallengeFailed):
        book.verify(Directory(), response)


def test_open_challenges_are_bounded_and_expire(alice: Identity, book: ChallengeBook) -> None:
    for _ in range(3):
        book.issue(alice.did, now_ms=NOW)
    with pytest.raises(TooManyChallenges):
        book.issue(alice.did, now_ms=NOW)
    book.issue(alice.did, now_ms=NOW + 60_001)


def test_malformed_did_gets_no_challenge(book: ChallengeBook) -> None:
    with pytest.raises(BadDid):
        book.issue("somebody")


def test_answer_object_is_accepted(
    alice: Identity, bob: Identity, book: ChallengeBook, directory: Directory
) -> None:
    response = answer(alice, book.issue(alice.did), audience=bob.did)
    assert book.verify(directory, Answer(**response)) == alice.did
