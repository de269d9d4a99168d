"""Questions to the engine: JSON-RPC over the unix socket in its home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import msgspec

from hanse.ledger.bft.engine import answers
from hanse.ledger.bft.engine.answers import Answer, Reply, decode_as
from hanse.ledger.bft.engine.errors import EngineRefused, EngineUnreachable

TIMEOUT_SECONDS = 30.0
_PAGE = 100  # most validators the engine names at once
AnswerType = TypeVar("AnswerType", bound=Answer)


class EngineRpc:
    """A client of one engine; safe to share between tasks.

    Args:
        socket: the engine's RPC socket, a path of any length. Its directory must be there.
        timeout_seconds: for one answer.
    """

    def __init__(self, socket: Path, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        # The kernel takes 107 bytes of path; through the open directory every path is short.
        self._directory = os.open(socket.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        path = f"/proc/self/fd/{self._directory}/{socket.name}"
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=path),
            base_url="http://engine",
            timeout=timeout_seconds,
        )

    async def aclose(self) -> None:
        """Close; can be repeated."""
        await self._client.aclose()
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def health(self) -> None:
        """Return when the engine answers."""
        await self.call("health", answers.Health)

    async def status(self) -> answers.Status:
        """The engine's own state: heights, hashes, key, power."""
        return await self.call("status", answers.Status)

    async def net_info(self) -> answers.NetInfo:
        """Links to other engines."""
        return await self.call("net_info", answers.NetInfo)

    async def validators(self, height: int | None = None) -> list[answers.EngineValidator]:
        """All validators that vote on the block of a height; the latest when None."""
        found: list[answers.EngineValidator] = []
        while True:
            number = len(found) // _PAGE + 1
            page = await self.call(
                "validators",
                answers.ValidatorPage,
                **_at(height),
                page=str(number),
                per_page=str(_PAGE),
            )
            found += page.validators
            height = page.block_height  # all pages from one height
            if len(found) >= page.total or not page.validators:
                return found

    async def consensus_state(self) -> answers.RoundState:
        """Height, round, step, votes."""
        return (await self.call("consensus_state", answers.ConsensusAnswer)).round_state

    async def num_unconfirmed_txs(self) -> answers.Unconfirmed:
        """How much waits in the mempool."""
        return await self.call("num_unconfirmed_txs", answers.Unconfirmed)

    async def block(self, height: int | None = None) -> answers.BlockAnswer:
        """The engine's block; the latest when None."""
        return await self.call("block", answers.BlockAnswer, **_at(height))

    async def commit(self, height: int | None = None) -> answers.CommitAnswer:
        """Header and votes of a block; the latest when None."""
        return await self.call("commit", answers.CommitAnswer, **_at(height))

    async def call(self, method: str, kind: type[AnswerType], **params: Any) -> AnswerType:
        """One call.

        Raises:
            EngineUnreachable: no answer, or one that is not understood.
            EngineRefused: the engine answered with an error.
        """
        (reply,) = await self.calls([(method, params)])
        if reply.error is not None:
            raise EngineRefused(f"{method}: {reply.error.message}", debug=reply.error.data)
        answer: AnswerType = decode_as(reply.result, kind)
        return answer

    async def calls(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Reply]:
        """Several calls in one request, at most `MAX_BATCH`; replies in their order.

        Raises:
            EngineUnreachable: no answer, or one that is not understood.
        """
        if self._directory < 0:
            raise EngineUnreachable("the link to the engine was closed")
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            response = await self._client.post("/", content=msgspec.json.encode(requests))
        except httpx.HTTPError as error:
            raise EngineUnreachable(debug=repr(error)) from None
        # The engine answers an array of one with its only element.
        content = response.content if len(calls) > 1 else b"[" + response.content + b"]"
        replies: list[Reply] = decode_as(content, list[Reply])
        replies.sort(key=lambda reply: reply.id)
        if [reply.id for reply in replies] != list(range(len(calls))):
            raise EngineUnreachable("the engine did not answer every call")
        return replies


def _at(height: int | None) -> dict[str, str]:
    return {} if height is None else {"height": str(height)}
