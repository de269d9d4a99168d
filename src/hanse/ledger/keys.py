"""Which public key a sender signs with, remembered until a record it depends on changes."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.ledger.contract.state import StateReader
from hanse.ledger.registry import KeyDirectory


class _Recorder:
    """A state reader that remembers what was read."""

    __slots__ = ("_state", "keys")

    def __init__(self, state: StateReader) -> None:
        self._state = state
        self.keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        self.keys.append(key)
        return self._state.get(key)


class KeyCache:
    """Answers of a key directory at one height."""

    __slots__ = ("_answers", "_dependants", "_directory", "_height")

    def __init__(self, directory: KeyDirectory, height: int) -> None:
        self._directory = directory
        self._height = height
        self._answers: dict[tuple[str, str], bytes | None] = {}
        self._dependants: dict[bytes, set[tuple[str, str]]] = {}

    def public_key(self, state: StateReader, did: str, key_id: str) -> bytes | None:
        """Key valid at this cache's height, or None."""
        who = (did, key_id)
        if who in self._answers:
            return self._answers[who]
        recorder = _Recorder(state)
        answer = self._directory.public_key(recorder, did, key_id, self._height)
        self._answers[who] = answer
        for key in recorder.keys:
            self._dependants.setdefault(key, set()).add(who)
        return answer

    def forget(self, written: Iterable[bytes]) -> None:
        """Drop answers that depend on any of the written state keys."""
        for key in self._dependants.keys() & written:
            for who in self._dependants.pop(key):
                self._answers.pop(who, None)
