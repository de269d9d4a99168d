"""The authenticated state against a plain dict, under arbitrary batches."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hanse.ledger.errors import BadProof
from hanse.ledger.state.nodes import count_of, empty_root
from hanse.ledger.state.proof import verify_state_path
from hanse.ledger.state.trie import Trie

# Few distinct first digits and many equal prefixes: every shape of the trie comes up.
KEYS = st.builds(
    lambda head, tail: bytes([head, tail]) + hashlib.sha256(bytes([head, tail])).digest()[:30],
    st.sampled_from([0x00, 0x01, 0x10, 0xAB]),
    st.integers(0, 255),
)
VALUES = st.binary(min_size=32, max_size=32).filter(any)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class StateMachine(RuleBasedStateMachine):
    """Batches of writes and deletes."""

    def __init__(self) -> None:
        super().__init__()
        self.trie = Trie(sha, 4)
        self.model: dict[bytes, bytes] = {}
        self.nodes: dict[bytes, bytes] = {}
        self.root = empty_root(sha)

    @rule(batch=st.dictionaries(KEYS, st.none() | VALUES, max_size=40))
    def update(self, batch: dict[bytes, bytes | None]) -> None:
        update = self.trie.update(self.nodes.get, batch)
        self.root = update.root
        for path, node in update.nodes.items():
            if node is None:
                self.nodes.pop(path, None)
            else:
                self.nodes[path] = node
        for key, value in batch.items():
            if value is None:
                self.model.pop(key, None)
            else:
                self.model[key] = value

    @rule()
    def clear(self) -> None:
        self.update(dict.fromkeys(self.model))

    @invariant()
    def same_as_built_at_once(self) -> None:
        fresh = self.trie.update(lambda _: None, dict(self.model))
        assert fresh.root == self.root
        assert {p: n for p, n in fresh.nodes.items() if n is not None} == self.nodes
        assert count_of(self.nodes.get(b"", b"\0")) == len(self.model)

    @rule(key=KEYS)
    def prove(self, key: bytes) -> None:
        path = self.trie.path_to(self.nodes.get, key)
        assert verify_state_path(sha, self.root, key, path) == self.model.get(key)


StateMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
TestState = StateMachine.TestCase


@settings(max_examples=40, deadline=None)
@given(
    content=st.dictionaries(KEYS, VALUES, min_size=5, max_size=80),
    data=st.data(),
)
def test_no_change_to_a_path_proves_something_else(
    content: dict[bytes, bytes], data: st.DataObject
) -> None:
    trie = Trie(sha, 4)
    update = trie.update(lambda _: None, dict(content))
    key = data.draw(st.sampled_from(sorted(content)))
    path = trie.path_to(update.nodes.get, key)
    which = data.draw(st.integers(0, len(path) - 1))
    at = data.draw(st.integers(0, len(path[which]) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    node = path[which]
    path[which] = node[:at] + bytes([node[at] ^ bit]) + node[at + 1 :]
    with pytest.raises(BadProof):
        verify_state_path(sha, update.root, key, path)
