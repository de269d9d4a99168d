"""Whatever is ordered, replaying the blocks gives the same blocks, state and replay window."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ledger_chain import Chain
from ledger_network import Add, AddMany, Misbehave, Network, Remove, value_of

from hanse.ledger.ordering.follower import FollowerEngine
from hanse.ledger.records import REPLAY
from hanse.ledger.scan import scan_store

NAMES = st.sampled_from(["a", "b", "c", "d"])
MESSAGES = st.one_of(
    st.builds(Add, NAMES, st.integers(-5, 9)),
    st.builds(AddMany, st.lists(NAMES, max_size=4), st.integers(-2, 3), st.booleans()),
    st.builds(Remove, NAMES),
    st.builds(Misbehave, st.sampled_from(["crash", "elsewhere", "nothing"])),
)
NETWORK = Network("intl", members=3)


class Replaying(RuleBasedStateMachine):
    """An orderer makes blocks of anything; a follower replays them in batches."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.origin = Chain(NETWORK, Path(self.folder.name) / "origin")
        self.copy = Chain(NETWORK, Path(self.folder.name) / "copy")
        self.waiting: list[bytes] = []
        self.sent: list[bytes] = []
        self.model: dict[str, int] = {}

    @rule(message=MESSAGES, member=st.integers(0, 2), ttl_ms=st.sampled_from([30, 2_000]))
    def send(self, message: Any, member: int, ttl_ms: int) -> None:
        raw = self.origin.transaction(message, member, ttl_ms=ttl_ms)
        self.waiting.append(raw)
        self.sent.append(raw)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        self.waiting.append(data.draw(st.sampled_from(self.sent)))

    @rule(garbage=st.binary(max_size=30))
    def send_garbage(self, garbage: bytes) -> None:
        self.waiting.append(garbage)

    @rule(after_ms=st.sampled_from([1, 20, 500]))
    def make_block(self, after_ms: int) -> None:
        executed = self.origin.block(self.waiting, after_ms=after_ms)
        for receipt in executed.receipts:
            for event in receipt.events:
                self.model[event.data["name"]] = event.data["value"]
        self.waiting = []

    @precondition(lambda self: self.copy.app.committed.height < self.origin.app.committed.height)
    @rule(count=st.integers(1, 5))
    def follow(self, count: int) -> None:
        first = self.copy.app.committed.height + 1
        last = min(first + count - 1, self.origin.app.committed.height)
        blocks = [self.origin.encoded(height) for height in range(first, last + 1)]
        _, refused = FollowerEngine(self.copy.app).apply(blocks, self.origin.now_ms)
        assert refused is None
        assert [self.copy.encoded(h) for h in range(first, last + 1)] == blocks

    @invariant()
    def equal_heights_have_equal_state(self) -> None:
        if self.copy.app.committed.height == self.origin.app.committed.height:
            with self.origin.store.read() as left, self.copy.store.read() as right:
                assert list(left.values()) == list(right.values())
                assert left.count("replay") == right.count("replay")

    @invariant()
    def replay_index_is_what_state_says(self) -> None:
        height = self.origin.app.committed.height
        digests = []
        for block in range(height + 1):
            record = REPLAY.get(self.origin.store, block)
            digests.extend(record.split() if record else [])
        with self.origin.store.read() as snapshot:
            assert snapshot.count("replay") == len(digests) == len(set(digests))
            assert all(snapshot.replay_height(digest) is not None for digest in digests)

    def teardown(self) -> None:
        for name, value in self.model.items():
            assert value_of(self.origin.store, name) in (value, 0)  # 0 when removed
        for chain in (self.origin, self.copy):
            scan_store(chain.store, NETWORK.genesis)
            chain.close()
        self.folder.cleanup()


Replaying.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestReplaying = Replaying.TestCase
