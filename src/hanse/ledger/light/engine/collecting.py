"""Collecting the engine's part of a proof from the node's own engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from hanse.core.errors import HanseError
from hanse.crypto import merkle
from hanse.crypto.suite import Suite
from hanse.ledger.bft.engine.answers import CommitAnswer
from hanse.ledger.block import Block, receipt_leaf
from hanse.ledger.certificates import CERTIFIED_AFTER, PREFIX, is_certificate_due
from hanse.ledger.errors import BadEngineCommit
from hanse.ledger.light.changes import ValidatorChange
from hanse.ledger.light.engine.commit import EngineCommit
from hanse.ledger.light.engine.evidence import EngineEvidence, EngineInclusion, place_in_engine
from hanse.ledger.light.engine.header import SHA256, result_leaf, transaction_leaf
from hanse.ledger.light.engine.reading import read_commit
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import ValidatorDirectory

_log = structlog.get_logger("hanse.ledger")


class EngineCommits(Protocol):
    """Where the engine's commits come from: `hanse.ledger.bft.engine.rpc.EngineRpc`."""

    async def commit(self, height: int | None = None) -> CommitAnswer:
        """Header and votes of a block.

        Raises:
            HanseError: the engine does not answer, or does not keep the block.
        """
        ...


class EngineCollector:
    """Makes the engine's part of proofs.

    Args:
        commits: of the node's engine.
        store: the node's disk.
        directory: who votes when.
        suite: of the network.
    """

    def __init__(
        self, commits: EngineCommits, store: Store, directory: ValidatorDirectory, suite: Suite
    ) -> None:
        self._commits = commits
        self._store = store
        self._directory = directory
        self._suite = suite

    async def collect(
        self,
        height: int,
        changes: Sequence[ValidatorChange],
        block: Block | None = None,
        index: int = 0,
    ) -> EngineEvidence | None:
        """The engine's part of a proof; None when this engine cannot give it.

        A proof holds without it, so an engine that is silent, or that pruned what is asked for,
        is noted in the log and no reason to refuse the proof.

        Args:
            height: of the block.
            changes: of validators that the proof carries.
            block: the block, when the proof is of a transaction in it.
            index: of the transaction.
        """
        try:
            commit = await self._commit(height + 1)
            handed_over = [
                await self._commit(change.certificate.statement.height + 1) for change in changes
            ]
            inclusion = None
            if block is not None:
                inclusion = await self._inclusion(block, index, commit)
        except HanseError as error:
            _log.warning("ledger.engine_part_left_out", height=height, code=error.code)
            return None
        return EngineEvidence(commit, handed_over, inclusion)

    async def _commit(self, height: int) -> EngineCommit:
        found = (await self._commits.commit(height)).signed_header
        with self._store.read() as snapshot:
            voting = self._directory.validators(snapshot, height)
        return read_commit(found, voting)

    async def _inclusion(self, block: Block, index: int, after: EngineCommit) -> EngineInclusion:
        header = (await self._commit(block.header.height)).header
        place, _ = place_in_engine(block.header, index)
        items = [transaction_leaf(item) for item in self._items(block)]
        results = [
            result_leaf(receipt.ok, self._suite.hash(receipt_leaf(receipt)))
            for receipt in block.receipts
        ]
        if len(results) < len(items):
            results.insert(0, result_leaf(True, b""))
        roots = (merkle.root(SHA256, items).hex(), merkle.root(SHA256, results).hex())
        if roots != (header.data_hash, after.header.last_results_hash):
            raise BadEngineCommit("the engine's block holds something else")
        return EngineInclusion(
            header,
            [digest.hex() for digest in merkle.path(SHA256, items, place)],
            [digest.hex() for digest in merkle.path(SHA256, results, place)],
        )

    def _items(self, block: Block) -> list[bytes]:
        """The items of the engine's block: the certificate that was due in it first."""
        height, transactions = block.header.height, block.wire_transactions()
        if not is_certificate_due(height):
            return transactions
        with self._store.read() as snapshot:
            certificate = snapshot.certificate(height - CERTIFIED_AFTER)
        if certificate is None:
            raise BadEngineCommit(f"the certificate in the engine's block {height} is not here")
        return [PREFIX + certificate, *transactions]
