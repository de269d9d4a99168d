"""Key history by height and bits of status lists."""

from __future__ import annotations

import pytest

from hanse.contracts.identity import rules
from hanse.contracts.identity.types import CHUNK_BITS, KeyRecord
from hanse.identity.did import VerificationMethod


def method(public: str) -> VerificationMethod:
    return VerificationMethod("#key-1", "Ed25519VerificationKey2020", public, ["authentication"])


def public_at(record: KeyRecord, height: int) -> str | None:
    period = rules.key_at(record, height)
    return None if period is None else period.public


def test_periods_follow_each_other_without_gap() -> None:
    record = rules.open_period(None, method("aa"), 3)
    record = rules.open_period(record, method("bb"), 7)
    assert [public_at(record, h) for h in (2, 3, 6, 7, 100)] == [None, "aa", "aa", "bb", "bb"]


def test_key_that_never_held_leaves_no_period() -> None:
    record = rules.open_period(None, method("aa"), 3)
    record = rules.open_period(record, method("bb"), 7)
    record = rules.open_period(record, method("cc"), 7)
    assert [(p.public, p.first_height, p.last_height) for p in record.periods] == [
        ("aa", 3, 6),
        ("cc", 7, None),
    ]


def test_same_key_keeps_its_period() -> None:
    record = rules.open_period(None, method("aa"), 3)
    assert rules.open_period(record, method("aa"), 9) == record


def test_ended_key_does_not_end_again() -> None:
    record = rules.open_period(None, method("aa"), 3)
    ended = rules.close_period(record.periods, 5)
    assert rules.close_period(ended, 9) == ended
    assert rules.close_period([], 9) == []
    again = rules.open_period(KeyRecord(periods=ended), method("bb"), 8)
    assert [public_at(again, h) for h in (5, 6, 8)] == ["aa", None, "bb"]


@pytest.mark.parametrize("offset", [0, 1, 7, 8, CHUNK_BITS - 1])
def test_bit_is_set_and_cleared_alone(offset: int) -> None:
    bits = rules.set_bit(rules.EMPTY_CHUNK, offset, True)
    assert [n for n in range(CHUNK_BITS) if rules.get_bit(bits, n)] == [offset]
    assert rules.set_bit(bits, offset, False) == rules.EMPTY_CHUNK


def test_bit_0_is_the_leftmost() -> None:
    assert rules.set_bit(rules.EMPTY_CHUNK, 0, True).startswith("80")
