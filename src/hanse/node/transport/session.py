"""An authenticated session with one other node: proves the own DID, renews its token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from pydantic import BaseModel

from hanse.api.peer import (
    ChallengeAnswerRequest,
    ChallengeRequest,
    ChallengeView,
    PeerTokenView,
)
from hanse.core.errors import AuthenticationError
from hanse.identity.challenge import Challenge, answer
from hanse.identity.holder import Identity
from hanse.node.clock import Clock, now_ms
from hanse.node.errors import AnswerNotUnderstood
from hanse.node.transport.http import DEFAULT_TIMEOUT_S, NodeHttp

T = TypeVar("T")
_RENEW_BEFORE_MS = 60_000


class PeerSession:
    """Calls to one node, with a token that is fetched when needed.

    Args:
        http: connection pool.
        identity: who we are.
        url: base URL of the other node.
        did: whom we mean to talk to; an answer for another audience is never signed.
        clock: UTC milliseconds.
    """

    def __init__(
        self, http: NodeHttp, identity: Identity, url: str, did: str, clock: Clock = now_ms
    ) -> None:
        self._http = http
        self._identity = identity
        self.url = url
        self.did = did
        self._clock = clock
        self._token = ""
        self._expires_ms = 0
        self._lock = asyncio.Lock()

    async def call(
        self,
        operation: str,
        answer_type: type[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: BaseModel | None = None,
        content: bytes | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> T:
        """Call an operation; a token that the peer forgot (it restarted) is renewed once.

        Raises:
            ChallengeFailed, NotPeer: the peer does not accept our proof.
            HanseError: see `NodeHttp.call`.
        """
        for attempt in (1, 2):
            token = await self._valid_token()
            try:
                return await self._http.call(
                    self.url,
                    operation,
                    answer_type,
                    path=path,
                    query=query,
                    body=body,
                    content=content,
                    token=token,
                    timeout_s=timeout_s,
                )
            except AuthenticationError:
                self._forget(token)
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    async def _valid_token(self) -> str:
        async with self._lock:
            if not self._token or self._clock() >= self._expires_ms - _RENEW_BEFORE_MS:
                await self._prove()
            return self._token

    def _forget(self, token: str) -> None:
        if self._token == token:
            self._token = ""

    async def _prove(self) -> None:
        try:
            await self._prove_as(self._identity)
        except AuthenticationError:
            # The peer may be ahead of our copy of the ledger and know our announced key already;
            # without a token we could not fetch the very block that tells us so.
            successor = self._identity.successor
            if successor is None:
                raise
            await self._prove_as(successor)

    async def _prove_as(self, signer: Identity) -> None:
        asked = await self._http.call(
            self.url, "peer.challenge", ChallengeView, body=ChallengeRequest(did=self._identity.did)
        )
        try:
            challenge = msgspec.convert(asked.challenge, Challenge)
        except msgspec.ValidationError as error:
            raise AnswerNotUnderstood("the peer's challenge is malformed") from error
        signed = answer(signer, challenge, audience=self.did)
        given = await self._http.call(
            self.url, "peer.answer", PeerTokenView, body=ChallengeAnswerRequest(answer=dict(signed))
        )
        self._token, self._expires_ms = given.token, given.expires_ms
