"""The node's own transactions: built with its identity, followed to the receipt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from hanse.core.errors import HanseError, InternalError, UnavailableError, catalogue, error_for
from hanse.identity.holder import Identity
from hanse.ledger.block import Block, Receipt
from hanse.ledger.contract.contract import Message
from hanse.ledger.contract.state import StateReader
from hanse.ledger.transaction import build_transaction
from hanse.node.clock import Clock, now_ms
from hanse.node.observability.logs import logger
from hanse.node.turnstile import Turnstile

_log = logger("node.ledger")
RECEIPT_TIMEOUT_S = 30.0


class LedgerReader(Protocol):
    """What the node's own reactions use of `hanse.ledger.ledger.Ledger`."""

    @property
    def chain(self) -> str:
        """Chain id."""
        ...

    @property
    def height(self) -> int:
        """Height of the last committed block."""
        ...

    @property
    def state(self) -> StateReader:
        """Last committed state."""
        ...

    async def submit(self, raw: bytes) -> str:
        """Check and pass on; returns the transaction id."""
        ...

    async def wait_receipt(self, tx_id: str, timeout_s: float = 30.0) -> Receipt:
        """Receipt once committed here."""
        ...

    def find(self, tx_id: str) -> tuple[int, int] | None:
        """Height and index of a transaction."""
        ...

    def blocks(self, from_height: int) -> AsyncIterator[Block]:
        """Committed blocks, then new ones."""
        ...


class Submitter:
    """Signs, submits and waits.

    Args:
        ledger: where to.
        identity: the node's own.
        clock: UTC milliseconds.
    """

    def __init__(self, ledger: LedgerReader, identity: Identity, clock: Clock = now_ms) -> None:
        self._ledger = ledger
        self._identity = identity
        self._clock = clock
        self._turnstile = Turnstile()

    async def submit(
        self, contract: str, message: Message, *, timeout_s: float = RECEIPT_TIMEOUT_S
    ) -> Receipt:
        """Submit a message and wait for its receipt, committed at this node.

        Raises:
            HanseError: the named error of the receipt, or the reason it was not accepted.
        """
        receipt = await self.send(contract, message, timeout_s=timeout_s)
        if not receipt.ok:
            raise receipt_error(receipt)
        return receipt

    async def send(
        self, contract: str, message: Message, *, timeout_s: float = RECEIPT_TIMEOUT_S
    ) -> Receipt:
        """The same, but a refusal by the contract stays in the receipt."""
        async with self._turnstile.passing():
            return await self._send(contract, message, timeout_s)

    async def submit_alone(
        self, contract: str, message: Message, then: Callable[[], Awaitable[None]]
    ) -> None:
        """Submit while no other transaction of this node is under way.

        A key holds for whole blocks: what was signed with the old one and is not in a block yet
        when the key changes would be lost.

        Args:
            contract: name of the contract.
            message: what changes the key.
            then: runs before other transactions go on, also when the submission failed.

        Raises:
            HanseError: as `submit`.
        """
        async with self._turnstile.alone():
            try:
                receipt = await self._send(contract, message, RECEIPT_TIMEOUT_S)
            finally:
                await then()
        if not receipt.ok:
            raise receipt_error(receipt)

    async def _send(self, contract: str, message: Message, timeout_s: float) -> Receipt:
        raw = await asyncio.to_thread(
            build_transaction,
            self._identity,
            self._ledger.chain,
            contract,
            message,
            now_ms=self._clock(),
        )
        tx_id = await self._ledger.submit(raw)
        receipt = await self._ledger.wait_receipt(tx_id, timeout_s)
        action = type(message).__name__
        _log.info("ledger.receipt", contract=contract, action=action, tx=tx_id, code=receipt.code)
        return receipt

    def height_of(self, receipt: Receipt) -> int:
        """Height of the block a receipt stands in."""
        found = self._ledger.find(receipt.tx)
        if found is None:
            raise UnavailableError("the receipt's block is not here yet")
        return found[0]


def receipt_error(receipt: Receipt) -> HanseError:
    """The named error of a failed receipt."""
    if receipt.code in catalogue():
        return error_for(receipt.code, receipt.message)
    return InternalError(f"{receipt.code}: {receipt.message}")


def created_id(receipt: Receipt, contract: str, event: str, field: str) -> str:
    """Identifier that an event of the receipt names.

    Raises:
        InternalError: when there is no such event.
    """
    for emitted in receipt.events:
        if emitted.contract == contract and emitted.name == event:
            value: Any = emitted.data[field]
            return str(value)
    raise InternalError(f"the receipt holds no {contract}.{event}")
