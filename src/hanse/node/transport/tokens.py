"""Bearer tokens of other nodes: short-lived, in memory, given after a proof of the DID."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from hanse.crypto.suite import Suite
from hanse.identity.challenge import ChallengeBook
from hanse.identity.did import Resolver
from hanse.node.clock import Clock, now_ms
from hanse.node.errors import NotPeer
from hanse.node.http.guard import PEER_TOKEN_PREFIX

TOKEN_LIFE_MS = 900_000
MAXIMUM_TOKENS = 10_000


class PeerTokens:
    """Issues tokens to members' nodes and checks them.

    Args:
        suite: checks signatures.
        did: the own DID, the audience of every challenge.
        resolver: DID documents of the ledger.
        is_active: whether a DID is an active member now; asked at every use of a token, so a
            suspended member is out at once.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        suite: Suite,
        did: str,
        resolver: Resolver,
        is_active: Callable[[str], bool],
        clock: Clock = now_ms,
    ) -> None:
        self._book = ChallengeBook(suite, did)
        self._resolver = resolver
        self._is_active = is_active
        self._clock = clock
        self._tokens: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()

    def challenge(self, did: str) -> dict[str, Any]:
        """A challenge for a DID."""
        issued: dict[str, Any] = msgspec.to_builtins(self._book.issue(did, now_ms=self._clock()))
        return issued

    def answer(self, answer: dict[str, Any]) -> tuple[str, str, int]:
        """Check an answer; returns token, DID and expiry (UTC ms).

        Raises:
            ChallengeFailed: the proof does not hold.
            NotPeer: it does, but the DID is no active member.
        """
        now = self._clock()
        did = self._book.verify(self._resolver, answer, now_ms=now)
        if not self._is_active(did):
            raise NotPeer("the DID is no active member")
        token = PEER_TOKEN_PREFIX + secrets.token_urlsafe(32)
        expires = now + TOKEN_LIFE_MS
        with self._lock:
            if len(self._tokens) >= MAXIMUM_TOKENS:
                self._tokens = {k: v for k, v in self._tokens.items() if v[1] > now}
            if len(self._tokens) >= MAXIMUM_TOKENS:
                raise NotPeer("too many peers hold tokens")
            self._tokens[_hash(token)] = (did, expires)
        return token, did, expires

    def check(self, token: str) -> str:
        """DID of the holder.

        Raises:
            NotPeer: unknown or expired token, or the member is not active any more.
        """
        with self._lock:
            found = self._tokens.get(_hash(token))
        if found is None or found[1] <= self._clock() or not self._is_active(found[0]):
            raise NotPeer()
        return found[0]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
