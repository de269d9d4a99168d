"""Who waits for what: receipts by transaction, and the next block."""

from __future__ import annotations

import asyncio

from hanse.ledger.block import Receipt
from hanse.ledger.errors import LedgerClosed
from hanse.ledger.execution import Executed


class Waiting:
    """Wakes waiters when blocks are committed; belongs to one event loop."""

    def __init__(self, height: int) -> None:
        self.height = height
        self._advanced = asyncio.Event()
        self._receipts: dict[str, list[asyncio.Future[Receipt]]] = {}
        self._closed = False

    def publish(self, blocks: list[Executed]) -> None:
        """Tell everybody about committed blocks."""
        for executed in blocks:
            self.height = executed.height
            if not self._receipts:
                continue
            own = executed.delta.transactions.values()
            for _, index in own:
                receipt = executed.receipts[index]
                for future in self._receipts.pop(receipt.tx, ()):
                    if not future.done():
                        future.set_result(receipt)
        self._wake()

    def jump(self, height: int) -> None:
        """Tell everybody that the state is another block's now, without blocks between."""
        self.height = height
        self._wake()

    def fail(self, tx_id: str, error: Exception) -> None:
        """Tell the waiters of a transaction that it will not be executed."""
        for future in self._receipts.pop(tx_id, ()):
            if not future.done():
                future.set_exception(error)

    def expect(self, tx_id: str) -> asyncio.Future[Receipt]:
        """A future of the receipt."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._receipts.setdefault(tx_id, []).append(future)
        return future

    def forget(self, tx_id: str, future: asyncio.Future[Receipt]) -> None:
        """Undo `expect`."""
        futures = self._receipts.get(tx_id, [])
        if future in futures:
            futures.remove(future)
        if not futures:
            self._receipts.pop(tx_id, None)

    async def beyond(self, height: int) -> None:
        """Return when a block above ``height`` is committed, or the ledger closed."""
        while self.height <= height and not self._closed:
            await self._advanced.wait()

    @property
    def is_closed(self) -> bool:
        """Whether waiting is over for good."""
        return self._closed

    def close(self) -> None:
        """Wake everybody for the last time."""
        self._closed = True
        for futures in self._receipts.values():
            for future in futures:
                if not future.done():
                    future.set_exception(LedgerClosed())
        self._receipts.clear()
        self._wake()

    def _wake(self) -> None:
        self._advanced.set()
        self._advanced = asyncio.Event()
