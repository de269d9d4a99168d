"""Questions to one service: what comes while a round runs goes into the next one together."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from hanse.collaboration.services.errors import ServiceBroke
from hanse.collaboration.services.session import RoundDeclined, ServiceSession
from hanse.compute.services import AT_ONCE, ServiceKind
from hanse.core.errors import HanseError, InternalError

Keys = list[list[str]]
_Asked = tuple[Keys, "asyncio.Future[list[Any]]"]


class Questions:
    """A queue with one round at a time.

    Args:
        session: runs the rounds.
        kind: says how many keys a round takes.
    """

    def __init__(self, session: ServiceSession, kind: ServiceKind) -> None:
        self._session = session
        self._at_once = AT_ONCE[kind]
        self._waiting: deque[_Asked] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def ask(self, keys: Keys) -> list[Any]:
        """One row for each key; long questions take several rounds."""
        asked = [
            self._put(keys[at : at + self._at_once]) for at in range(0, len(keys), self._at_once)
        ]
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain(), name="service questions")
        try:
            return [row for future in asked for row in await future]
        finally:
            for future in asked:
                future.cancel()

    async def close(self) -> None:
        """Whoever waits is told that the service ended."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)
        while self._waiting:
            _fail(self._waiting.popleft(), ServiceBroke("the node is stopping"))

    def _put(self, keys: Keys) -> asyncio.Future[list[Any]]:
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((keys, future))
        return future

    async def _drain(self) -> None:
        while batch := self._batch():
            try:
                await self._serve(batch)
            except BaseException:
                for one in batch:
                    _fail(one, ServiceBroke("the node is stopping"))
                raise

    def _batch(self) -> list[_Asked]:
        batch: list[_Asked] = []
        count = 0
        while self._waiting and count + len(self._waiting[0][0]) <= self._at_once:
            one = self._waiting.popleft()
            if not one[1].done():  # whoever asked may have gone
                batch.append(one)
                count += len(one[0])
        return batch

    async def _serve(self, batch: list[_Asked]) -> None:
        try:
            rows = await self._round([key for keys, _ in batch for key in keys])
        except RoundDeclined as declined:
            await self._apart(batch, declined)
        except HanseError as error:
            for one in batch:
                _fail(one, error)
        else:
            for keys, future in batch:
                taken, rows = rows[: len(keys)], rows[len(keys) :]
                if not future.done():
                    future.set_result(taken)

    async def _apart(self, batch: list[_Asked], declined: RoundDeclined) -> None:
        """One question of several may be at fault: each is asked, and counted, by itself."""
        if len(batch) == 1:
            _fail(batch[0], declined.error)
            return
        for one in batch:
            await self._serve([one])

    async def _round(self, keys: Keys) -> list[Any]:
        """A worker may have died while nobody asked, so a broken round is run once more."""
        try:
            rows = await self._session.round(keys)
        except ServiceBroke:
            rows = await self._session.round(keys)
        if len(rows) != len(keys):
            raise InternalError("the worker answered another number of rows than asked")
        return rows


def _fail(asked: _Asked, error: HanseError) -> None:
    if not asked[1].done():
        asked[1].set_exception(error)
