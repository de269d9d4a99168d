"""Changing the key that signs, while the node runs.

The new key is on disk beside the old one before the ledger hears of it, and the old one is
forgotten only when the ledger shows the new: a crash at any moment loses neither. Which of the
two holds is decided by the ledger alone, after every block and at every start.
"""

from __future__ import annotations

import asyncio
import threading

from hanse.contracts.identity.messages import RotateKey
from hanse.contracts.identity.queries import get_did
from hanse.core.errors import HanseError
from hanse.crypto.keystore import Keystore
from hanse.identity.holder import NEXT_ENTRY, Identity
from hanse.node.ledger_client import LedgerReader, Submitter
from hanse.node.observability.logs import logger

_log = logger("node.keys")


class SigningKey:
    """The node's signing key and its successor.

    Args:
        identity: the one object by which every part of the node signs.
        keystore: holds both keys.
        submitter: the node's transactions.
        ledger: says which key holds.
    """

    def __init__(
        self, identity: Identity, keystore: Keystore, submitter: Submitter, ledger: LedgerReader
    ) -> None:
        self._identity = identity
        self._keystore = keystore
        self._submitter = submitter
        self._ledger = ledger
        self._one_rotation = asyncio.Lock()
        self._settling = threading.Lock()

    async def rotate(self) -> None:
        """Replace the key; when this returns, the new one is in use everywhere.

        A rotation whose outcome is unknown (the orderer went away) is taken up again with the
        same new key.

        Raises:
            HanseError: why the ledger did not accept it; the old key stays in use then.
        """
        async with self._one_rotation:
            successor = await asyncio.to_thread(self._prepare)
            order = RotateKey(
                key=successor.signing_key_id,
                public=successor.signing_public.hex(),
                proof=successor.prove_rotation().hex(),
            )
            try:
                await self._submitter.submit_alone("identity", order, self._settle_aside)
            except HanseError:
                if self._identity.signing_public != successor.signing_public:
                    raise

    async def run(self) -> None:
        """Settle after every block while a change is under way."""
        async for _ in self._ledger.blocks(self._ledger.height + 1):
            if self._identity.successor is not None:
                await self._settle_aside()

    def settle(self) -> None:
        """Take over the successor if the ledger has its key."""
        with self._settling:
            successor = self._identity.successor
            if successor is None or not self._holds(successor):
                return
            successor.save(self._keystore)
            self._keystore.delete(NEXT_ENTRY)
            self._identity.take_over()
            _log.info("keys.rotated", key=successor.signing_kid)

    async def _settle_aside(self) -> None:
        await asyncio.to_thread(self.settle)

    def _prepare(self) -> Identity:
        with self._settling:
            if self._identity.successor is None:
                successor = self._identity.with_new_signing_key()
                successor.save(self._keystore, NEXT_ENTRY)
                self._identity.successor = successor
            return self._identity.successor

    def _holds(self, successor: Identity) -> bool:
        record = get_did(self._ledger.state, successor.did)
        return record is not None and any(
            method.id == successor.signing_key_id
            and method.public_bytes == successor.signing_public
            for method in record.document.methods
        )
