"""The engine's commits: Ed25519 votes of more than two thirds for one block."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.core.errors import HanseError
from hanse.ledger.errors import BadEngineCommit
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.light.engine import wire
from hanse.ledger.light.engine.header import (
    MAX_INT32,
    SHA256,
    EngineBlockId,
    EngineHeader,
    EngineTime,
    engine_header_hash,
    engine_validators_hash,
)
from hanse.ledger.validators import Validator, is_quorum, total_power

PRECOMMIT = 2


class EngineVote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One validator's vote for the block; the signature is hex."""

    did: str
    time: EngineTime
    signature: str


class EngineCommit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A header of the engine with the votes that decided it.

    Votes for nothing and missing votes are left out: they decide nothing.

    Attributes:
        header: of the block.
        round: in which it was decided.
        parts: number of parts the block was gossiped in.
        parts_hash: their root, hex.
        votes: for the block, by ascending DID.
    """

    header: EngineHeader
    round: int
    parts: int
    parts_hash: str
    votes: list[EngineVote]


def vote_bytes(commit: EngineCommit, block_hash: str, time: EngineTime) -> bytes:
    """What a validator signs: the length-delimited ``CanonicalVote`` of its precommit."""
    block = EngineBlockId(block_hash, commit.parts, commit.parts_hash)
    vote = (
        wire.number(1, PRECOMMIT)
        + wire.fixed(2, commit.header.height)
        + wire.fixed(3, commit.round)
        + wire.message(4, block.encoded())
        + wire.message(5, time.encoded())
        + wire.data(6, commit.header.chain_id.encode())
    )
    return wire.delimited(vote)


def verify_commit(validators: Sequence[Validator], chain_id: str, commit: EngineCommit) -> None:
    """Check that more than two thirds of a set's power voted for a block of the engine.

    Signatures are checked as RFC 8032 says. The engine itself is more lenient (ZIP 215) with
    malformed keys and signatures, which no honest validator makes.

    Args:
        validators: the set that votes on the block.
        chain_id: of the engine.
        commit: to check.

    Raises:
        BadEngineCommit: naming what does not hold.
    """
    try:
        _verify(validators, chain_id, commit)
    except ValueError as error:
        raise BadEngineCommit("a hash or key of the commit is malformed") from error


def _verify(validators: Sequence[Validator], chain_id: str, commit: EngineCommit) -> None:
    header = commit.header
    # 1. Every number has the one meaning its encoding gives it.
    _check_numbers(commit)
    # 2. The header is of this chain, and names this very set as the one that votes on it.
    if header.chain_id != chain_id:
        raise BadEngineCommit("the engine's header belongs to another network")
    if header.validators_hash != engine_validators_hash(validators):
        raise BadEngineCommit("the engine's block was voted on by another set of validators")
    # 3. Votes stand in the one order, none twice.
    names = [vote.did for vote in commit.votes]
    if names != sorted(set(names)):
        raise BadEngineCommit("the votes are not in ascending order of their signers")
    # 4. Each is by a validator of the set and holds.
    by_did = {validator.did: validator for validator in validators}
    block_hash = engine_header_hash(header)
    power = 0
    for vote in commit.votes:
        validator = by_did.get(vote.did)
        if validator is None:
            raise BadEngineCommit("somebody outside the set voted")
        _verify_vote(validator, vote_bytes(commit, block_hash, vote.time), vote)
        power += validator.power
    # 5. Together they hold more than two thirds of the power.
    if not is_quorum(power, total_power(validators)):
        raise BadEngineCommit("the voters hold too little power")


def _verify_vote(validator: Validator, signed: bytes, vote: EngineVote) -> None:
    try:
        SHA256.verify_bytes(unhex(validator.engine_public), signed, unhex(vote.signature))
    except HanseError as error:
        raise BadEngineCommit("the signature of a vote does not hold") from error


def _check_numbers(commit: EngineCommit) -> None:
    sound = 0 <= commit.round <= MAX_INT32 and 0 < commit.parts <= MAX_INT32
    if not (sound and commit.header.is_sound and all(v.time.is_sound for v in commit.votes)):
        raise BadEngineCommit("a number of the commit is out of range")
