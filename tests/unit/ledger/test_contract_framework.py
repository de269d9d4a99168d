"""Collections, overlays and contexts."""

from __future__ import annotations

import pytest
from ledger_network import COUNTERS, PEOPLE, CounterRecord, Names, PersonRecord

from hanse.core.errors import InternalError, NotFoundError
from hanse.crypto.suite import get_suite
from hanse.ledger.contract.contract import BlockContext, Context
from hanse.ledger.contract.state import Overlay, OwnState, WriteOutsideContract


class Empty:
    def get(self, key: bytes) -> bytes | None:
        return None


class NoCounter(NotFoundError):
    code = "test.no_counter"
    help = "There is none."


def context(overlay: Overlay, tx_id: bytes = b"\1" * 32) -> Context:
    return Context(
        contract="counter",
        block=BlockContext("chain", 7, 1_000),
        tx_id=tx_id,
        sender="did:a",
        state=overlay,
        suite=get_suite("sm"),
        events=[],
        needs={},
        counter=[0],
    )


RECORD = CounterRecord(value=1, touched_ms=2, by="x")


def test_collection_puts_gets_and_deletes() -> None:
    overlay = Overlay(Empty())
    COUNTERS.put(overlay, RECORD, "a")
    assert COUNTERS.get(overlay, "a") == COUNTERS.require(overlay, NoCounter, "a") == RECORD
    assert COUNTERS.has(overlay, "a")
    COUNTERS.delete(overlay, "a")
    assert not COUNTERS.has(overlay, "a")
    with pytest.raises(NoCounter):
        COUNTERS.require(overlay, NoCounter, "a")


def test_keys_of_different_parts_never_meet() -> None:
    keys = [
        COUNTERS.key("a", "b"),
        COUNTERS.key("ab"),
        COUNTERS.key('a","b'),
        COUNTERS.key(1),
        COUNTERS.key("1"),
        PEOPLE.key("a", "b"),
    ]
    assert len(set(keys)) == len(keys)


def test_overlay_hides_and_merges() -> None:
    below = Overlay(Empty())
    below.set(b"a", b"1")
    above = Overlay(below)
    above.set(b"a", None)
    above.set(b"b", b"2")
    assert (above.get(b"a"), below.get(b"a"), below.get(b"b")) == (None, b"1", None)
    above.merge_into(below)
    assert (below.get(b"a"), below.get(b"b")) == (None, b"2")


def test_contract_cannot_write_elsewhere() -> None:
    own = OwnState(Overlay(Empty()), "counter")
    COUNTERS.put(own, RECORD, "a")
    with pytest.raises(WriteOutsideContract):
        PEOPLE.put(own, PersonRecord(keys=[]), "did:a")


def test_ids_differ_by_prefix_counter_and_transaction() -> None:
    first, second = context(Overlay(Empty())), context(Overlay(Empty()), b"\2" * 32)
    ids = [first.new_id("ds"), first.new_id("ds"), first.new_id("gr"), second.new_id("ds")]
    assert len(set(ids)) == 4
    assert context(Overlay(Empty())).new_id("ds") == ids[0]


def test_counter_is_shared_by_all_contracts_of_a_transaction() -> None:
    one = context(Overlay(Empty()))
    assert one.new_id("ds") != one.acting_as("people").new_id("ds")


def test_need_that_is_not_wired_is_an_internal_error() -> None:
    with pytest.raises(InternalError):
        context(Overlay(Empty())).need(Names)
    assert (context(Overlay(Empty())).height, context(Overlay(Empty())).time_ms) == (7, 1_000)
