"""Sets of validators: their hash, quorums and the engine's names for them."""

from __future__ import annotations

import hashlib
import json

import pytest

from hanse.crypto.suite import get_suite
from hanse.ledger.validators import (
    MAX_TOTAL_POWER,
    Validator,
    engine_address,
    is_quorum,
    total_power,
    validators_hash,
)

ALICE = Validator(did="did:hanse:a", engine_public="aa", certificate_public="bb", power=1)
BOB = Validator(did="did:hanse:b", engine_public="cc", certificate_public="dd", power=2)


@pytest.mark.parametrize("suite", ["sm", "intl"])
def test_hash_ignores_the_order_given_and_notices_every_field(suite: str) -> None:
    used = get_suite(suite)
    base = validators_hash(used, [ALICE, BOB])
    assert validators_hash(used, [BOB, ALICE]) == base
    others = [
        Validator("did:hanse:c", "aa", "bb", 1),
        Validator("did:hanse:a", "ab", "bb", 1),
        Validator("did:hanse:a", "aa", "bc", 1),
        Validator("did:hanse:a", "aa", "bb", 2),
    ]
    hashes = {validators_hash(used, [other, BOB]) for other in others} | {base}
    assert len(hashes) == len(others) + 1
    assert validators_hash(used, []) not in hashes


def test_hash_is_what_its_definition_says() -> None:
    fields = {"certificate_public": "bb", "did": "did:hanse:a", "engine_public": "aa", "power": 1}
    body = json.dumps([fields], separators=(",", ":"), sort_keys=True).encode()
    tag = b"hanse/validators/1"
    message = len(tag).to_bytes(4, "big") + tag + len(body).to_bytes(4, "big") + body
    expected = hashlib.sha256(message).hexdigest()
    assert validators_hash(get_suite("intl"), [ALICE]) == expected


@pytest.mark.parametrize(
    ("power", "total", "enough"),
    [
        (2, 3, False),
        (3, 4, True),
        (66, 99, False),
        (67, 99, True),
        (1, 1, True),
        (0, 1, False),
        (2 * (MAX_TOTAL_POWER // 3), MAX_TOTAL_POWER, False),
        (2 * (MAX_TOTAL_POWER // 3) + 1, MAX_TOTAL_POWER, True),
    ],
)
def test_quorum_is_strictly_more_than_two_thirds(power: int, total: int, enough: bool) -> None:
    assert is_quorum(power, total) is enough


def test_total_power_is_the_sum() -> None:
    assert total_power([ALICE, BOB]) == 3
    assert total_power([]) == 0


def test_engine_address_is_twenty_bytes_of_the_keys_digest() -> None:
    key = bytes(range(32))
    assert engine_address(key) == hashlib.sha256(key).digest()[:20]
