"""What an application does for the engine: one method per request of ABCI 2.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hanse.ledger.bft.abci import abci_pb2 as pb


class Handlers(Protocol):
    """The application as the engine sees it.

    Requests of one connection are handled strictly one after the other; the engine's four
    connections (consensus, mempool, query, snapshot) run side by side, so what they share needs
    a lock. A handler that has begun is never cancelled, not even when the engine dies. One that
    raises ends the engine.
    """

    async def info(self, request: pb.RequestInfo) -> pb.ResponseInfo: ...

    async def init_chain(self, request: pb.RequestInitChain) -> pb.ResponseInitChain: ...

    async def query(self, request: pb.RequestQuery) -> pb.ResponseQuery: ...

    async def check_tx(self, requests: Sequence[pb.RequestCheckTx]) -> Sequence[pb.ResponseCheckTx]:
        """Requests that arrived together, so that signatures can be verified in one batch.

        Args:
            requests: 1 to the server's ``max_batch`` of them.

        Returns:
            As many answers, in the same order.
        """
        ...

    async def commit(self, request: pb.RequestCommit) -> pb.ResponseCommit: ...

    async def list_snapshots(
        self, request: pb.RequestListSnapshots
    ) -> pb.ResponseListSnapshots: ...

    async def offer_snapshot(
        self, request: pb.RequestOfferSnapshot
    ) -> pb.ResponseOfferSnapshot: ...

    async def load_snapshot_chunk(
        self, request: pb.RequestLoadSnapshotChunk
    ) -> pb.ResponseLoadSnapshotChunk: ...

    async def apply_snapshot_chunk(
        self, request: pb.RequestApplySnapshotChunk
    ) -> pb.ResponseApplySnapshotChunk: ...

    async def prepare_proposal(
        self, request: pb.RequestPrepareProposal
    ) -> pb.ResponsePrepareProposal: ...

    async def process_proposal(
        self, request: pb.RequestProcessProposal
    ) -> pb.ResponseProcessProposal: ...

    async def extend_vote(self, request: pb.RequestExtendVote) -> pb.ResponseExtendVote: ...

    async def verify_vote_extension(
        self, request: pb.RequestVerifyVoteExtension
    ) -> pb.ResponseVerifyVoteExtension: ...

    async def finalize_block(
        self, request: pb.RequestFinalizeBlock
    ) -> pb.ResponseFinalizeBlock: ...
