"""The ledger as the engine's application: each request of ABCI 2.0 handed to the right part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.checking import Checking
from hanse.ledger.bft.consensus import Consensus
from hanse.ledger.bft.engine.chain import chain_of
from hanse.ledger.bft.syncing import Syncing
from hanse.ledger.errors import WrongGenesis
from hanse.ledger.execution import Executed

T = TypeVar("T")
SECOND_NS = 1_000_000_000
Status = pb.ResponseProcessProposal
Verdict = pb.ResponseVerifyVoteExtension


class Answers:
    """Implements `hanse.ledger.bft.abci.handlers.Handlers`.

    Args:
        application: executes blocks.
        consensus: the part about blocks, run in ``writer``.
        checking: the part about the mempool, run on the event loop.
        syncing: the part about snapshots.
        writer: one thread that executes and writes.
        published: takes committed blocks out of `consensus`, on the event loop.
        retain_height: from which height on the engine has to keep its own blocks, 0 for all.
    """

    def __init__(
        self,
        application: Application,
        consensus: Consensus,
        checking: Checking,
        syncing: Syncing,
        writer: Executor,
        published: Callable[[Executed], None],
        retain_height: Callable[[int], int],
    ) -> None:
        self._application = application
        self._consensus = consensus
        self._checking = checking
        self._syncing = syncing
        self._writer = writer
        self._published = published
        self._retain_height = retain_height

    async def info(self, request: pb.RequestInfo) -> pb.ResponseInfo:
        """Height and hash of the last commit; height 0 makes the engine begin the chain.

        It asks when it starts, so its mempool is empty.
        """
        self._checking.begin()
        head = self._application.committed
        return pb.ResponseInfo(
            data="hanse",
            app_version=1,
            last_block_height=head.height,
            last_block_app_hash=bytes.fromhex(head.state_root),
        )

    async def init_chain(self, request: pb.RequestInitChain) -> pb.ResponseInitChain:
        """The state block 0 left, computed from the genesis when the ledger was opened."""
        if request.chain_id != chain_of(self._application.genesis).chain_id:
            raise WrongGenesis()
        validators = await self._in_writer(self._consensus.initial_validators)
        return pb.ResponseInitChain(
            validators=[_update(v.engine_public, v.power) for v in validators],
            app_hash=bytes.fromhex(self._application.committed.state_root),
        )

    async def query(self, request: pb.RequestQuery) -> pb.ResponseQuery:
        """Nothing is asked this way: the node's own API answers, with permissions."""
        return pb.ResponseQuery(code=1, log="use the node's API")

    async def check_tx(self, requests: Sequence[pb.RequestCheckTx]) -> list[pb.ResponseCheckTx]:
        """Admission to the mempool."""
        fresh = [r.tx for r in requests if r.type == pb.NEW]
        verdicts = iter(await self._checking.verdicts(fresh))
        return [
            _checked(next(verdicts) if r.type == pb.NEW else self._checking.verdict_again(r.tx))
            for r in requests
        ]

    async def prepare_proposal(
        self, request: pb.RequestPrepareProposal
    ) -> pb.ResponsePrepareProposal:
        """Content of a block this node proposes."""
        votes = [
            (vote.validator.address, vote.vote_extension)
            for vote in request.local_last_commit.votes
            if vote.block_id_flag == pb.BLOCK_ID_FLAG_COMMIT
        ]
        items = await self._in_writer(
            self._consensus.prepare,
            request.height,
            _time_ns(request.time),
            list(request.txs),
            request.max_tx_bytes,
            votes,
        )
        return pb.ResponsePrepareProposal(txs=items)

    async def process_proposal(
        self, request: pb.RequestProcessProposal
    ) -> pb.ResponseProcessProposal:
        """Whether to vote for a proposed block."""
        acceptable = await self._in_writer(
            self._consensus.is_acceptable,
            request.height,
            _time_ns(request.time),
            list(request.txs),
            request.proposer_address,
        )
        return Status(status=Status.ACCEPT if acceptable else Status.REJECT)

    async def extend_vote(self, request: pb.RequestExtendVote) -> pb.ResponseExtendVote:
        """This node's statement of the block before."""
        extension = await self._in_writer(self._consensus.extension, request.height)
        return pb.ResponseExtendVote(vote_extension=extension)

    async def verify_vote_extension(
        self, request: pb.RequestVerifyVoteExtension
    ) -> pb.ResponseVerifyVoteExtension:
        """Whether another validator's statement is the one an honest node makes."""
        valid = await self._in_writer(
            self._consensus.is_extension_valid,
            request.height,
            request.validator_address,
            request.vote_extension,
        )
        return Verdict(status=Verdict.ACCEPT if valid else Verdict.REJECT)

    async def finalize_block(self, request: pb.RequestFinalizeBlock) -> pb.ResponseFinalizeBlock:
        """Execute a decided block; nothing is written."""
        outcome = await self._in_writer(
            self._consensus.finalize,
            request.height,
            _time_ns(request.time),
            list(request.txs),
            request.hash,
        )
        for fault in request.misbehavior:
            await self._in_writer(
                self._consensus.equivocated, fault.height, fault.validator.address
            )
        return pb.ResponseFinalizeBlock(
            tx_results=[
                pb.ExecTxResult(code=1 if code else 0, data=data, codespace=code)
                for code, data in outcome.results
            ],
            validator_updates=[_update(key, power) for key, power in outcome.updates.items()],
            app_hash=outcome.app_hash,
        )

    async def commit(self, request: pb.RequestCommit) -> pb.ResponseCommit:
        """Write the finalized block, in one step, and tell whoever waits."""
        executed = await self._in_writer(self._commit)
        self._checking.committed(executed)
        self._published(executed)
        return pb.ResponseCommit(retain_height=self._retain_height(executed.height))

    async def list_snapshots(self, request: pb.RequestListSnapshots) -> pb.ResponseListSnapshots:
        """Snapshots other nodes may begin from."""
        return await asyncio.to_thread(self._syncing.offers)

    async def offer_snapshot(self, request: pb.RequestOfferSnapshot) -> pb.ResponseOfferSnapshot:
        """A snapshot to begin from, with a hash the engine's light client verified."""
        return await self._in_writer(self._syncing.offer, request)

    async def load_snapshot_chunk(
        self, request: pb.RequestLoadSnapshotChunk
    ) -> pb.ResponseLoadSnapshotChunk:
        """A chunk for another node."""
        return await asyncio.to_thread(self._syncing.load, request)

    async def apply_snapshot_chunk(
        self, request: pb.RequestApplySnapshotChunk
    ) -> pb.ResponseApplySnapshotChunk:
        """A chunk of the snapshot this node begins from."""
        return await self._in_writer(self._syncing.apply, request)

    def _commit(self) -> Executed:
        executed = self._consensus.commit()
        self._syncing.committed(executed.height)
        return executed

    async def _in_writer(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, work, *arguments)


def _checked(refusal: HanseError | None) -> pb.ResponseCheckTx:
    if refusal is None:
        return pb.ResponseCheckTx()
    return pb.ResponseCheckTx(code=1, codespace=refusal.code, log=refusal.message)


def _update(engine_public: str, power: int) -> pb.ValidatorUpdate:
    key = pb.PublicKey(ed25519=bytes.fromhex(engine_public))
    return pb.ValidatorUpdate(pub_key=key, power=power)


def _time_ns(time: Any) -> int:
    return int(time.seconds) * SECOND_NS + int(time.nanos)
