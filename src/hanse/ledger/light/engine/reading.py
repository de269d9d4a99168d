"""Headers and commits as the engine's RPC gives them, in the form proofs carry."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from hanse.ledger.bft.engine import answers
from hanse.ledger.errors import BadEngineCommit
from hanse.ledger.light.engine.commit import EngineCommit, EngineVote
from hanse.ledger.light.engine.header import EngineBlockId, EngineHeader, EngineTime
from hanse.ledger.validators import Validator, engine_address

FOR_THE_BLOCK = 2
"""``block_id_flag`` of a vote for the block; others are absent or for nothing."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def read_commit(found: answers.SignedHeader, validators: Sequence[Validator]) -> EngineCommit:
    """A header and the votes for it; nothing is verified here.

    Args:
        found: in the answer to `commit`.
        validators: the set that voted, to name voters by DID.

    Raises:
        BadEngineCommit: somebody else voted, or the answer is malformed.
    """
    dids = {engine_address(bytes.fromhex(v.engine_public)).hex(): v.did for v in validators}
    commit = found.commit
    try:
        votes = [
            EngineVote(
                dids[vote.validator_address.lower()],
                _time(vote.timestamp),
                base64.b64decode(vote.signature or "", validate=True).hex(),
            )
            for vote in commit.signatures
            if vote.block_id_flag == FOR_THE_BLOCK
        ]
        return EngineCommit(
            header=_header(found.header),
            round=commit.round,
            parts=commit.block_id.parts.total,
            parts_hash=commit.block_id.parts.hash.lower(),
            votes=sorted(votes, key=lambda vote: vote.did),
        )
    except (KeyError, ValueError) as error:
        raise BadEngineCommit(f"the engine's commit cannot be read: {error!r}") from error


def _header(found: answers.Header) -> EngineHeader:
    last = found.last_block_id
    return EngineHeader(
        block_version=found.version.block,
        app_version=found.version.app,
        chain_id=found.chain_id,
        height=found.height,
        time=_time(found.time),
        last_block=EngineBlockId(last.hash.lower(), last.parts.total, last.parts.hash.lower()),
        last_commit_hash=found.last_commit_hash.lower(),
        data_hash=found.data_hash.lower(),
        validators_hash=found.validators_hash.lower(),
        next_validators_hash=found.next_validators_hash.lower(),
        consensus_hash=found.consensus_hash.lower(),
        app_hash=found.app_hash.lower(),
        last_results_hash=found.last_results_hash.lower(),
        evidence_hash=found.evidence_hash.lower(),
        proposer=found.proposer_address.lower(),
    )


def _time(text: str) -> EngineTime:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a time in UTC")
    moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    return EngineTime(int(moment.timestamp()), int((match[2] or "").ljust(9, "0")))
