"""Transactions into the engine's mempool, many in one request.

`broadcast_tx_async` is used: the engine hands such transactions to the application one after the
other without waiting, so its checks come in batches. With `broadcast_tx_sync` each element of an
array would wait for its own check, up to 20 ms. The verdict is the application's own anyway: it is
seen where `check_tx` is handled.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque

from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.answers import Reply, RpcError
from hanse.ledger.bft.engine.config import MAX_BATCH, RPC_BODY_BYTES
from hanse.ledger.bft.engine.errors import EngineRefused, EngineUnreachable
from hanse.ledger.bft.engine.rpc import EngineRpc
from hanse.ledger.errors import PoolFull, TransactionTooLarge

# In base64, with the words around each transaction, this stays within the engine's limit.
_BATCH_BYTES = RPC_BODY_BYTES // 2
_KNOWN = "tx already exists in cache"


class Submissions:
    """Gathers what is submitted while a request is under way into the next one.

    Args:
        rpc: to the engine.
        max_waiting: transactions waiting here above which more are refused.
    """

    def __init__(self, rpc: EngineRpc, max_waiting: int = 20_000) -> None:
        self._rpc = rpc
        self._max_waiting = max_waiting
        self._waiting: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._pump: asyncio.Task[None] | None = None

    async def submit(self, raw: bytes) -> None:
        """Return once the engine took the transaction in for checking, or has had it before.

        Raises:
            PoolFull: too much waits, here or in the engine.
            TransactionTooLarge: the engine takes none of this size.
            EngineUnreachable: the engine does not answer; whether it took it is not known.
        """
        if len(self._waiting) >= self._max_waiting:
            raise PoolFull()
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[None] = loop.create_future()
        self._waiting.append((raw, taken))
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
        while self._waiting:
            _, taken = self._waiting.popleft()
            _settle(taken, EngineUnreachable("the node stops"))

    async def _send_all(self) -> None:
        while self._waiting:
            batch = self._batch()
            try:
                replies = await self._rpc.calls(
                    [
                        ("broadcast_tx_async", {"tx": base64.b64encode(raw).decode()})
                        for raw, _ in batch
                    ]
                )
                verdicts = [_verdict(reply) for reply in replies]
            except HanseError as error:
                verdicts = [error] * len(batch)
            except BaseException:
                for _, taken in batch:
                    _settle(taken, EngineUnreachable("the node stops"))
                raise
            for (_, taken), verdict in zip(batch, verdicts, strict=True):
                _settle(taken, verdict)

    def _batch(self) -> list[tuple[bytes, asyncio.Future[None]]]:
        batch = [self._waiting.popleft()]
        size = len(batch[0][0])
        while self._waiting and len(batch) < MAX_BATCH:
            size += len(self._waiting[0][0])
            if size > _BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch


def _verdict(reply: Reply) -> HanseError | None:
    return None if reply.error is None else _error(reply.error)


def _error(error: RpcError) -> HanseError | None:
    said = f"{error.message}: {error.data}"
    if _KNOWN in said:
        return None
    if "mempool is full" in said or "recheck" in said:
        return PoolFull(debug=said)
    if "Tx too large" in said:
        return TransactionTooLarge(debug=said)
    return EngineRefused(said[:300])


def _settle(taken: asyncio.Future[None], error: HanseError | None) -> None:
    if taken.done():  # whoever submitted it waits no longer
        return
    if error is None:
        taken.set_result(None)
    else:
        taken.set_exception(error)
