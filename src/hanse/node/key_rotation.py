"""Exchanging the keys by which this node votes and certifies, while it runs.

Two blocks after the one that decides it the ledger's set of validators names the new keys. The
engine is started anew with the right key when that block is next; certificates find theirs by
themselves. A crash at any moment loses neither the old nor the new keys.
"""

from __future__ import annotations

import asyncio
import threading

from hanse.contracts.validators.messages import ReplaceKeys
from hanse.contracts.validators.queries import get_node, get_set
from hanse.ledger.block import Receipt
from hanse.ledger.validators import ACTIVATION_DELAY
from hanse.node.errors import KeyChangeUnderWay
from hanse.node.ledger_client import LedgerReader, Submitter, receipt_error
from hanse.node.observability.logs import logger
from hanse.node.ordering_keys import Keyring, OrderingKeys

_log = logger("node.keys")


class KeyRotation:
    """The keys of this node's engine and of its certificates, and their successors.

    Args:
        keyring: of this node.
        submitter: the node's transactions.
        ledger: says which keys hold.
        did: of this organisation.
    """

    def __init__(
        self, keyring: Keyring, submitter: Submitter, ledger: LedgerReader, did: str
    ) -> None:
        self.keyring = keyring
        self._submitter = submitter
        self._ledger = ledger
        self._did = did
        self._one_rotation = asyncio.Lock()
        self._settling = threading.Lock()

    async def rotate(self, *, engine: bool, certificate: bool) -> Receipt:
        """Propose new keys to the ledger; a validator's vote two blocks later.

        A rotation whose outcome is unknown is taken up again with the same new keys.

        Args:
            engine: exchange the key that signs the engine's votes.
            certificate: exchange the key that signs certificates.

        Raises:
            KeyChangeUnderWay: the last one has not come into force yet.
            HanseError: why the ledger did not accept it; the old keys stay in use then.
        """
        async with self._one_rotation:
            await asyncio.to_thread(self.settle)
            if self.keyring.successor is not None and self._is_registered(self.keyring.successor):
                raise KeyChangeUnderWay()
            successor = await asyncio.to_thread(
                self.keyring.prepare, engine=engine, certificate=certificate
            )
            order = ReplaceKeys(**successor.proofs(self._ledger.chain, self._did))
            receipt = await self._submitter.send("validators", order)
            if not receipt.ok:
                await asyncio.to_thread(self.keyring.drop)
                raise receipt_error(receipt)
            await asyncio.to_thread(self.settle)
            return receipt

    async def run(self) -> None:
        """Settle after every block while a change is under way."""
        async for _ in self._ledger.blocks(self._ledger.height + 1):
            if self.keyring.successor is not None:
                await asyncio.to_thread(self.settle)

    def settle(self) -> None:
        """Take over the successor once no block to come is voted on with the old keys."""
        with self._settling:
            successor = self.keyring.successor
            if successor is not None and self._is_registered(successor) and self._holds(successor):
                self.keyring.take_over()
                _log.info("keys.validator_keys_rotated", engine=successor.engine_public)

    def _is_registered(self, successor: OrderingKeys) -> bool:
        node = get_node(self._ledger.state, self._did)
        return node is not None and successor.are_those_of(node)

    def _holds(self, successor: OrderingKeys) -> bool:
        state, height = self._ledger.state, self._ledger.height
        sets = [get_set(state, height + ahead + 1) for ahead in range(ACTIVATION_DELAY)]
        return all(
            validator.engine_public == successor.engine_public
            and validator.certificate_public == successor.certificate_public
            for record in sets
            if record is not None
            for validator in record.validators
            if validator.did == self._did
        )
