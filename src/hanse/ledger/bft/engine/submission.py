"""Transactions into the engine's mempool, many in one request.

What is submitted while a request is under way, or within `REST_S` of the last one's start, gathers,
and the next request carries it as one bundle; a transaction that comes alone goes alone, at once.
`broadcast_tx_sync` is used: the request lasts until the application has checked the item, so as
much gathers as the node can keep up with.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib

from hanse.core.errors import HanseError
from hanse.ledger.bft.bundles import HEAD_BYTES, LENGTH_BYTES, MAX_MEMBERS, encode_bundle
from hanse.ledger.bft.engine.answers import Accepted, Reply, RpcError, decode_as
from hanse.ledger.bft.engine.errors import EngineRefused, EngineUnreachable
from hanse.ledger.bft.engine.rpc import EngineRpc
from hanse.ledger.errors import PoolFull, TransactionTooLarge

_KNOWN = "tx already exists in cache"
Gathered = dict[bytes, list[asyncio.Future[None]]]
REST_S = 0.05
"""From one request to the next: what gathers meanwhile is checked, passed on and looked at again
as one item by every validator, which saves far more time than a block later waits for it."""


class Submissions:
    """Gathers what is submitted while a request is under way into the next one.

    Args:
        rpc: to the engine.
        max_bytes: longest item the engine takes.
        max_waiting: transactions waiting here above which more are refused.
    """

    def __init__(self, rpc: EngineRpc, max_bytes: int, max_waiting: int = 20_000) -> None:
        self._rpc = rpc
        self._max_bytes = max_bytes
        self._max_waiting = max_waiting
        self._waiting: Gathered = {}
        self._pump: asyncio.Task[None] | None = None
        self._rested_at = 0.0

    async def submit(self, raw: bytes) -> None:
        """Return once the engine had the transaction checked, or has had it before.

        The verdict is the application's own, so whoever submits asks the application first.

        Raises:
            PoolFull: too much waits, here or in the engine.
            TransactionTooLarge: the engine takes none of this size.
            EngineUnreachable: the engine does not answer; whether it took it is not known.
        """
        if len(self._waiting) >= self._max_waiting:
            raise PoolFull()
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(raw, []).append(taken)
        if self._pump is None or self._pump.done():
            self._pump = loop.create_task(self._send_all())
        await taken

    async def aclose(self) -> None:
        """Give up what waits."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump
        waiting, self._waiting = self._waiting, {}
        _settle(waiting, [EngineUnreachable("the node stops")] * len(waiting))

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (rest := self._rested_at - loop.time()) > 0:
                await asyncio.sleep(rest)
            self._rested_at = loop.time() + REST_S
            batch = self._batch()
            try:
                verdicts = await self._send(list(batch))
            except HanseError as error:
                verdicts = [error] * len(batch)
            except BaseException:
                _settle(batch, [EngineUnreachable("the node stops")] * len(batch))
                raise
            _settle(batch, verdicts)

    def _batch(self) -> Gathered:
        """What the next request carries, in order of arrival."""
        batch: Gathered = {}
        size = HEAD_BYTES
        for raw in list(self._waiting):
            size += LENGTH_BYTES + len(raw)
            if batch and (size > self._max_bytes or len(batch) == MAX_MEMBERS):
                break
            batch[raw] = self._waiting.pop(raw)
        return batch

    async def _send(self, raws: list[bytes]) -> list[HanseError | None]:
        if len(raws) == 1:
            return [_verdict((await self._call("broadcast_tx_sync", raws))[0])]
        (reply,) = await self._call("broadcast_tx_sync", [encode_bundle(raws)])
        error = _verdict(reply)
        if error is not None:
            return [error] * len(raws)
        if _refused_as(reply) == "":
            return [None] * len(raws)
        # Not all of them can go in; one shall not keep the others out.
        return [_verdict(each) for each in await self._call("broadcast_tx_async", raws)]

    async def _call(self, method: str, items: list[bytes]) -> list[Reply]:
        return await self._rpc.calls(
            [(method, {"tx": base64.b64encode(item).decode()}) for item in items]
        )


def _refused_as(reply: Reply) -> str:
    """The code under which the application refused an item; empty when it did not."""
    accepted: Accepted = decode_as(reply.result, Accepted)
    return accepted.codespace if accepted.code else ""


def _verdict(reply: Reply) -> HanseError | None:
    if reply.error is not None:
        return _error(reply.error)
    return PoolFull() if _refused_as(reply) == PoolFull.code else None


def _error(error: RpcError) -> HanseError | None:
    said = f"{error.message}: {error.data}"
    if _KNOWN in said:
        return None
    if "mempool is full" in said or "recheck" in said:
        return PoolFull(debug=said)
    if "Tx too large" in said:
        return TransactionTooLarge(debug=said)
    return EngineRefused(said[:300])


def _settle(batch: Gathered, verdicts: list[HanseError | None]) -> None:
    for waiting, error in zip(batch.values(), verdicts, strict=True):
        for taken in waiting:
            if taken.done():  # whoever submitted it waits no longer
                continue
            if error is None:
                taken.set_result(None)
            else:
                taken.set_exception(error)
