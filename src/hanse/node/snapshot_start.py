"""How this node begins with a snapshot: what it trusts, and whom its engine asks.

What is trusted is the genesis alone. The nodes asked (the operator's, and those of other members
that the settings name) hand over the header of their newest snapshot with the validators'
certificate and every change of their set since the genesis. That is verified here, so a node can
withhold, not lie; the newest that holds is taken, so one that withholds does not hold us back.
From that header on the engine verifies by votes, and compares what it is told by all that
answered; what it then restores must have the state root that a verified header names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.bft.engine.settings import StateSync
from hanse.ledger.genesis import Genesis
from hanse.ledger.light.header_proof import (
    HeaderProof,
    decode_header_proof,
    verify_header_proof,
)
from hanse.node.engine_relay import relay
from hanse.node.observability.logs import logger

TRUST_HOURS = 24 * 365 * 100
"""The header is certified as of the genesis, however long the chain has been idle since."""
_log = logger("node.snapshot")


@dataclass(frozen=True)
class SnapshotGiver:
    """Another node that may have a snapshot.

    Attributes:
        name: for the log.
        prove: fetches the encoded proof of its newest snapshot's header.
        ask: passes a question of the engine on to the other's engine.
    """

    name: str
    prove: Callable[[], Awaitable[bytes]]
    ask: Callable[[EngineQuestion], Awaitable[bytes]]


@dataclass(frozen=True)
class SnapshotStart:
    """Begins with the newest snapshot of other nodes.

    Attributes:
        genesis: of the network.
        givers: whom to ask, one or more.
    """

    genesis: Genesis
    givers: Sequence[SnapshotGiver]

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[StateSync]:
        """The setting of the engine; it holds while entered.

        Raises:
            HanseError: no node has a header that holds; the reason of the first asked.
        """
        answers = await asyncio.gather(*[self._proof(giver) for giver in self.givers])
        proofs = [found for found in answers if not isinstance(found, HanseError)]
        if not proofs:
            raise next(found for found in answers if isinstance(found, HanseError))
        # The one that gave the newest header comes first; the engine compares with the others.
        proofs.sort(key=lambda found: -found[0].header.height)
        proof, height = proofs[0][0], proofs[0][0].header.height
        _log.info("snapshot.trusted_header", height=height, sources=len(proofs))
        asks = [giver.ask for _, giver in proofs]
        async with relay(asks if len(asks) > 1 else asks * 2) as servers:
            yield StateSync(servers, height, proof.block_id, TRUST_HOURS)

    async def _proof(self, giver: SnapshotGiver) -> tuple[HeaderProof, SnapshotGiver] | HanseError:
        try:
            proof = decode_header_proof(await giver.prove())
            await asyncio.to_thread(verify_header_proof, self.genesis, proof)
        except HanseError as error:
            _log.warning("snapshot.no_header", source=giver.name, code=error.code)
            return error
        return proof, giver
