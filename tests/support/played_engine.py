"""The ordering engine's headers and votes, made by the test as CometBFT makes them.

Encodings are those of the code under test, which real vectors pin down; keys and signatures are
real.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import msgspec

from hanse.crypto import merkle
from hanse.crypto.suite import Suite, get_suite
from hanse.ledger.bft.engine import answers
from hanse.ledger.block import Receipt, receipt_leaf
from hanse.ledger.errors import BadEngineCommit
from hanse.ledger.light.engine.commit import EngineCommit, vote_bytes
from hanse.ledger.light.engine.header import (
    SHA256,
    EngineBlockId,
    EngineHeader,
    EngineTime,
    engine_chain_id,
    engine_header_hash,
    engine_validators_hash,
    result_leaf,
    transaction_leaf,
)
from hanse.ledger.validators import Validator, engine_address

EMPTY = merkle.root(SHA256, []).hex()
NO_BLOCK = EngineBlockId("", 0, "")


class PlayedEngine:
    """Headers of a chain, and the votes for them by whoever holds keys.

    Args:
        chain: chain id, hex.
        suite: of the network.
        private_keys: Ed25519 public key, hex → private.
        voting: who votes on a block.
    """

    def __init__(
        self,
        chain: str,
        suite: Suite,
        private_keys: dict[str, bytes],
        voting: Callable[[int], Sequence[Validator]],
    ) -> None:
        self._chain_id = engine_chain_id(chain)
        self._suite = suite
        self._private = private_keys
        self._voting = voting
        self._results = EMPTY
        self.headers: dict[int, EngineHeader] = {}
        self.away: set[str] = set()
        self.forgotten: set[int] = set()

    def decide(self, height: int, time_ms: int, items: Sequence[bytes], app_hash: str) -> str:
        """Make the header of a block; its hash, hex."""
        before = self.headers.get(height - 1)
        last = NO_BLOCK if before is None else _block_id(before)
        header = EngineHeader(
            block_version=11,
            app_version=1,
            chain_id=self._chain_id,
            height=height,
            time=EngineTime(time_ms // 1_000, time_ms % 1_000 * 1_000_000),
            last_block=last,
            last_commit_hash=EMPTY,
            data_hash=merkle.root(SHA256, [transaction_leaf(item) for item in items]).hex(),
            validators_hash=engine_validators_hash(self._voting(height)),
            next_validators_hash=engine_validators_hash(self._voting(height + 1)),
            consensus_hash="ab" * 32,
            app_hash=app_hash,
            last_results_hash=self._results,
            evidence_hash=EMPTY,
            proposer="cd" * 20,
        )
        self.headers[height] = header
        return engine_header_hash(header)

    def executed(self, receipts: Sequence[Receipt], *, certified: bool) -> None:
        """Take over the results of the block just decided."""
        results = [result_leaf(True, b"")] if certified else []
        results += [result_leaf(r.ok, self._suite.hash(receipt_leaf(r))) for r in receipts]
        self._results = merkle.root(SHA256, results).hex()

    async def commit(self, height: int | None = None) -> answers.CommitAnswer:
        """As the engine's RPC answers."""
        assert height is not None
        if height in self.forgotten or height not in self.headers:
            raise BadEngineCommit("not kept")
        header = self.headers[height]
        parts = _block_id(header)
        bare = EngineCommit(
            header=header, round=0, parts=parts.parts, parts_hash=parts.parts_hash, votes=[]
        )
        time = header.time
        votes = []
        for validator in self._voting(height):
            address = engine_address(bytes.fromhex(validator.engine_public)).hex().upper()
            if validator.did in self.away:
                votes.append(answers.CommitVote(1, "", "0001-01-01T00:00:00Z", ""))
                continue
            signed = vote_bytes(bare, parts.hash, time)
            private = self._private[validator.engine_public]
            signature = get_suite("intl").sign_bytes(private, signed)
            text = base64.b64encode(signature).decode()
            votes.append(answers.CommitVote(2, address, _moment(time), text))
        commit = answers.Commit(height, 0, _answered(parts), votes)
        return answers.CommitAnswer(answers.SignedHeader(_header(header), commit), True)


def _block_id(header: EngineHeader) -> EngineBlockId:
    return EngineBlockId(engine_header_hash(header), 1, "ef" * 32)


def _moment(time: EngineTime) -> str:
    from datetime import UTC, datetime

    whole = datetime.fromtimestamp(time.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{time.nanos:09d}Z"


def _answered(block: EngineBlockId) -> answers.BlockId:
    return answers.BlockId(block.hash.upper(), answers.Parts(block.parts, block.parts_hash.upper()))


def _header(header: EngineHeader) -> answers.Header:
    fields = msgspec.structs.asdict(header)
    hashes = {k: v.upper() for k, v in fields.items() if k.endswith("_hash")}
    return answers.Header(
        version=answers.HeaderVersion(header.block_version, header.app_version),
        chain_id=header.chain_id,
        height=header.height,
        time=_moment(header.time),
        last_block_id=_answered(header.last_block),
        proposer_address=header.proposer.upper(),
        **hashes,
    )
