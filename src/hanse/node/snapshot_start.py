"""How this node begins with a snapshot: what it trusts, and whom its engine asks.

What is trusted is the genesis alone. The operator's node hands over the header of its newest
snapshot with the validators' certificate and every change of their set since the genesis; that
is verified here, so the operator can withhold, not lie. From that header on the engine verifies
by votes, whoever passes the headers on; what it then restores must have the state root that a
verified header names. The engine asks two addresses and compares; both lead to the operator's
node, which is where a newcomer is known, and nothing rests on their being different.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.bft.engine.settings import StateSync
from hanse.ledger.genesis import Genesis
from hanse.ledger.light.header_proof import decode_header_proof, verify_header_proof
from hanse.node.engine_relay import relay
from hanse.node.observability.logs import logger

TRUST_HOURS = 24 * 365 * 100
"""The header is certified as of the genesis, however long the chain has been idle since."""
_log = logger("node.snapshot")


@dataclass(frozen=True)
class SnapshotStart:
    """Begins with the newest snapshot of another node.

    Attributes:
        genesis: of the network.
        prove: fetches the encoded proof of that snapshot's header.
        ask: passes a question of the engine on to the other's engine.
    """

    genesis: Genesis
    prove: Callable[[], Awaitable[bytes]]
    ask: Callable[[EngineQuestion], Awaitable[bytes]]

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[StateSync]:
        """The setting of the engine; it holds while entered.

        Raises:
            BadProof: the header is not the chain's.
            HanseError: the other node does not answer, or has no snapshot.
        """
        proof = decode_header_proof(await self.prove())
        verify_header_proof(self.genesis, proof)
        height = proof.header.height
        _log.info("snapshot.trusted_header", height=height)
        async with relay((self.ask, self.ask)) as servers:
            yield StateSync(servers, height, proof.block_id, TRUST_HOURS)
