"""The engine's side of the ABCI socket, and a small application."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.sockets import short_path
from hanse.ledger.bft.abci.wire import encode_request


class EngineSide:
    """A client of the socket as the engine is one: writes frames, reads frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, path: Path) -> EngineSide:
        with short_path(path) as short:
            return cls(*await asyncio.open_unix_connection(short))

    async def send(self, *requests: pb.Request) -> None:
        await self.send_bytes(b"".join(map(encode_request, requests)))

    async def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> pb.Response:
        length = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return pb.Response.FromString(await self._reader.readexactly(length))

    async def ask(self, request: pb.Request) -> pb.Response:
        await self.send(request)
        return await self.receive()

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        return await self._reader.read()

    def close(self) -> None:
        self._writer.close()


class NoApplication:
    """Refuses nothing and does nothing; tests override what they look at."""

    async def info(self, request: pb.RequestInfo) -> pb.ResponseInfo:
        return pb.ResponseInfo()

    async def init_chain(self, request: pb.RequestInitChain) -> pb.ResponseInitChain:
        return pb.ResponseInitChain()

    async def query(self, request: pb.RequestQuery) -> pb.ResponseQuery:
        return pb.ResponseQuery()

    async def check_tx(self, requests: Sequence[pb.RequestCheckTx]) -> Sequence[pb.ResponseCheckTx]:
        return [pb.ResponseCheckTx() for _ in requests]

    async def commit(self, request: pb.RequestCommit) -> pb.ResponseCommit:
        return pb.ResponseCommit()

    async def list_snapshots(self, request: pb.RequestListSnapshots) -> pb.ResponseListSnapshots:
        return pb.ResponseListSnapshots()

    async def offer_snapshot(self, request: pb.RequestOfferSnapshot) -> pb.ResponseOfferSnapshot:
        return pb.ResponseOfferSnapshot(result=pb.ResponseOfferSnapshot.REJECT)

    async def load_snapshot_chunk(
        self, request: pb.RequestLoadSnapshotChunk
    ) -> pb.ResponseLoadSnapshotChunk:
        return pb.ResponseLoadSnapshotChunk()

    async def apply_snapshot_chunk(
        self, request: pb.RequestApplySnapshotChunk
    ) -> pb.ResponseApplySnapshotChunk:
        return pb.ResponseApplySnapshotChunk(result=pb.ResponseApplySnapshotChunk.ABORT)

    async def prepare_proposal(
        self, request: pb.RequestPrepareProposal
    ) -> pb.ResponsePrepareProposal:
        return pb.ResponsePrepareProposal(txs=request.txs)

    async def process_proposal(
        self, request: pb.RequestProcessProposal
    ) -> pb.ResponseProcessProposal:
        return pb.ResponseProcessProposal(status=pb.ResponseProcessProposal.ACCEPT)

    async def extend_vote(self, request: pb.RequestExtendVote) -> pb.ResponseExtendVote:
        return pb.ResponseExtendVote()

    async def verify_vote_extension(
        self, request: pb.RequestVerifyVoteExtension
    ) -> pb.ResponseVerifyVoteExtension:
        return pb.ResponseVerifyVoteExtension(status=pb.ResponseVerifyVoteExtension.ACCEPT)

    async def finalize_block(self, request: pb.RequestFinalizeBlock) -> pb.ResponseFinalizeBlock:
        return pb.ResponseFinalizeBlock(tx_results=[pb.ExecTxResult() for _ in request.txs])
