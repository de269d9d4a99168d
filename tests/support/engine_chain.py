"""Real consensus engines on loopback, each with a small key-value application in memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from abci_engine import NoApplication

from hanse.core.ports import free_ports
from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.server import AbciServer
from hanse.ledger.bft.bundles import decode_bundle, is_bundle
from hanse.ledger.bft.engine.binary import VARIABLE, find_engine
from hanse.ledger.bft.engine.chain import Chain
from hanse.ledger.bft.engine.errors import EngineFailed, EngineMissing
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import EngineKeys, new_keys
from hanse.ledger.bft.engine.process import Engine
from hanse.ledger.bft.engine.rpc import EngineRpc
from hanse.ledger.bft.engine.settings import EngineSettings, Peer
from hanse.ledger.bft.engine.submission import Submissions
from hanse.ledger.genesis import Parameters


def engine_binary() -> Path:
    """The engine, or a skip that says why; where it is named it must be there."""
    try:
        return find_engine()
    except EngineMissing as error:
        if os.environ.get(VARIABLE):
            raise
        pytest.skip(f"no consensus engine: {error.message}; {error.help}")


def unpacked(item: bytes) -> list[bytes]:
    """The transactions of a bundle, or the one transaction."""
    return decode_bundle(item, 1 << 18) if is_bundle(item) else [item]


class KeyValue(NoApplication):
    """``key=value`` transactions; the hash of a block is that of all pairs so far.

    Attributes:
        checked: how many transactions each item of the mempool held.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pairs: dict[bytes, bytes] = {}
        self.height = 0
        self.applied: dict[bytes, int] = {}  # at which height each key came first
        self.ahead = 0  # blocks it claims to have beyond those it executed
        self.app_hash = hashlib.sha256().digest()
        self.staged: tuple[dict[bytes, bytes], int, bytes] | None = None
        self.extensions: dict[int, set[bytes]] = {}
        self.checked: list[int] = []
        self.moved = asyncio.Event()

    async def info(self, request: pb.RequestInfo) -> pb.ResponseInfo:
        return pb.ResponseInfo(
            last_block_height=self.height + self.ahead, last_block_app_hash=self.app_hash
        )

    async def init_chain(self, request: pb.RequestInitChain) -> pb.ResponseInitChain:
        assert request.consensus_params.abci.vote_extensions_enable_height == 1
        return pb.ResponseInitChain(app_hash=self.app_hash)

    async def check_tx(self, requests: Sequence[pb.RequestCheckTx]) -> Sequence[pb.ResponseCheckTx]:
        return [pb.ResponseCheckTx(code=self.code(each)) for each in requests]

    def code(self, request: pb.RequestCheckTx) -> int:
        items = unpacked(request.tx)
        if request.type == pb.NEW:
            self.checked.append(len(items))
        done = request.type == pb.RECHECK and all(i.partition(b"=")[0] in self.pairs for i in items)
        return 1 if done or any(b"=" not in item for item in items) else 0

    async def extend_vote(self, request: pb.RequestExtendVote) -> pb.ResponseExtendVote:
        return pb.ResponseExtendVote(
            vote_extension=b"%d by %s" % (request.height, self.name.encode())
        )

    async def verify_vote_extension(
        self, request: pb.RequestVerifyVoteExtension
    ) -> pb.ResponseVerifyVoteExtension:
        self._note(request.height, request.vote_extension)
        return pb.ResponseVerifyVoteExtension(status=pb.ResponseVerifyVoteExtension.ACCEPT)

    async def prepare_proposal(
        self, request: pb.RequestPrepareProposal
    ) -> pb.ResponsePrepareProposal:
        for vote in request.local_last_commit.votes:
            if vote.vote_extension:
                self._note(request.height - 1, vote.vote_extension)
        items = [item for each in request.txs for item in unpacked(each)]
        return pb.ResponsePrepareProposal(txs=items)

    async def finalize_block(self, request: pb.RequestFinalizeBlock) -> pb.ResponseFinalizeBlock:
        pairs = dict(self.pairs)
        for raw in request.txs:
            key, _, value = raw.partition(b"=")
            pairs[key] = value
        digest = hashlib.sha256(b"".join(b"%b=%b;" % each for each in sorted(pairs.items())))
        self.staged = pairs, request.height, digest.digest()
        return pb.ResponseFinalizeBlock(
            app_hash=digest.digest(), tx_results=[pb.ExecTxResult() for _ in request.txs]
        )

    async def commit(self, request: pb.RequestCommit) -> pb.ResponseCommit:
        assert self.staged is not None
        self.pairs, self.height, self.app_hash = self.staged
        for key in self.pairs:
            self.applied.setdefault(key, self.height)
        self.moved.set()
        return pb.ResponseCommit()

    async def wait_for(self, key: bytes) -> int:
        """The height at which a transaction with this key took effect, once it has."""
        while key not in self.applied:
            self.moved.clear()
            await self.moved.wait()
        return self.applied[key]

    async def wait_for_height(self, height: int) -> None:
        while self.height < height:
            self.moved.clear()
            await self.moved.wait()

    def _note(self, height: int, extension: bytes) -> None:
        self.extensions.setdefault(height, set()).add(extension)


@dataclass
class EngineNode:
    """One engine, its application, its links."""

    home: EngineHome
    keys: EngineKeys
    application: KeyValue
    server: AbciServer
    engine: Engine
    failures: list[EngineFailed] = field(default_factory=list)
    rpc: EngineRpc = field(init=False)
    submissions: Submissions = field(init=False)

    async def start(self) -> None:
        await self.server.start()
        try:
            await self.engine.start()
        except BaseException:
            await self.server.close()
            raise
        self.rpc = EngineRpc(self.home.rpc_socket)
        self.submissions = Submissions(self.rpc, 1 << 18)

    async def stop(self) -> None:
        await self.submissions.aclose()
        await self.rpc.aclose()
        await self.engine.stop()
        await self.server.close()


def engine_nodes(directory: Path, count: int) -> list[EngineNode]:
    """Engines of one network, linked to each other, not started."""
    binary = engine_binary()
    keys = [new_keys() for _ in range(count)]
    ports = free_ports(count)
    chain = Chain(
        "hanse-test",
        1_700_000_000_123,
        Parameters(),
        tuple((each.validator_public, 10) for each in keys),
    )
    peers = [Peer(key.node_id, "127.0.0.1", port) for key, port in zip(keys, ports, strict=True)]
    nodes = []
    for number, key in enumerate(keys):
        home = EngineHome(directory / f"engine{number}")
        others = tuple(peer for peer in peers if peer.node_id != key.node_id)
        home.prepare(EngineSettings(f"n{number}", port=ports[number], peers=others), chain)
        application = KeyValue(f"n{number}")
        failures: list[EngineFailed] = []

        async def note(error: EngineFailed, into: list[EngineFailed] = failures) -> None:
            into.append(error)

        engine = Engine(binary, home, key, note)
        server = AbciServer(home.abci_socket, application)
        nodes.append(EngineNode(home, key, application, server, engine, failures))
    return nodes
