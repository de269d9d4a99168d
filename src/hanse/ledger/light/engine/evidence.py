"""What a proof carries of the engine, so that it holds by Ed25519 and SHA-256 alone as well.

The votes on block H + 1 decide a header that names block H, the state after it and the results
of its transactions. They are by the very set that certifies block H, so validators are
followed through the same changes, by the engine's hashes of the same sets.
"""

from __future__ import annotations

import msgspec

from hanse.core.errors import HanseError
from hanse.crypto import merkle
from hanse.ledger.block import Header
from hanse.ledger.certificates import is_certificate_due
from hanse.ledger.errors import BadProof
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.light.backing import Origin, Tally, tally
from hanse.ledger.light.changes import Followed
from hanse.ledger.light.engine.commit import EngineCommit, verify_commit
from hanse.ledger.light.engine.header import (
    SHA256,
    EngineHeader,
    engine_chain_id,
    engine_header_hash,
    engine_validators_hash,
    result_leaf,
    transaction_leaf,
)


class EngineInclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a transaction stands in the engine's block, with which result.

    Attributes:
        header: of the block.
        transaction_path: RFC 6962 audit path to its ``data_hash``, hex.
        result_path: the same to ``last_results_hash`` of the next block's header.
    """

    header: EngineHeader
    transaction_path: list[str]
    result_path: list[str]


class EngineEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The engine's part of a proof.

    Attributes:
        commit: the decided header of the block after the proof's.
        changes: the same for the block after each change of validators.
        inclusion: of the transaction; None in a proof of state.
    """

    commit: EngineCommit
    changes: list[EngineCommit]
    inclusion: EngineInclusion | None


def place_in_engine(header: Header, index: int) -> tuple[int, int]:
    """Place of a transaction among the items of the engine's block, and their number."""
    shift = 1 if is_certificate_due(header.height) else 0
    return index + shift, header.count + shift


def verify_engine_origin(origin: Origin, followed: Followed, evidence: EngineEvidence) -> Tally:
    """Check that the engine's validators decided the block and the state after it.

    Args:
        origin: of the block.
        followed: the sets up to the one in force.
        evidence: to check.

    Returns:
        Who voted.

    Raises:
        BadProof: naming what does not hold.
    """
    if len(evidence.changes) != len(origin.changes):
        raise BadProof("the engine's part has not one commit for each change of validators")
    chain_id = engine_chain_id(origin.header.chain)
    commits = evidence.changes[len(origin.changes) - len(followed.changes) :]
    try:
        for number, (change, commit) in enumerate(zip(followed.changes, commits, strict=True)):
            # 1. At every change the old set decided a header that names the new set as next.
            before, after = followed.sets[number : number + 2]
            verify_commit(before, chain_id, commit)
            statement = change.certificate.statement
            _check_link(commit, statement.height, statement.block_id, statement.app_hash)
            if commit.header.next_validators_hash != engine_validators_hash(after):
                raise BadProof("the engine handed over to another set of validators")
        # 2. The set in force decided the block after this one, which names it and its state.
        header = origin.header
        verify_commit(followed.sets[-1], chain_id, evidence.commit)
        _check_link(evidence.commit, header.height, origin.block_id, header.state_root)
    except HanseError as error:
        raise BadProof(f"the engine's part does not hold: {error.message}") from error
    return tally(followed.sets[-1], (vote.did for vote in evidence.commit.votes))


def verify_inclusion(
    origin: Origin,
    evidence: EngineEvidence,
    index: int,
    transaction: bytes,
    ok: bool,
    receipt_hash: bytes,
) -> None:
    """Check that a transaction stands in the engine's block with this result.

    Args:
        origin: of the block.
        evidence: verified by `verify_engine_origin`.
        index: of the transaction in the ledger's block.
        transaction: wire bytes.
        ok: whether it took effect.
        receipt_hash: hash of the committed bytes of its receipt.

    Raises:
        BadProof: it does not.
    """
    inclusion = evidence.inclusion
    if inclusion is None:
        raise BadProof("the engine's part lacks the transaction")
    place, size = place_in_engine(origin.header, index)
    results_root = evidence.commit.header.last_results_hash
    try:
        # 1. The header is that of the block which the decided header names.
        if not inclusion.header.is_sound or (
            engine_header_hash(inclusion.header) != origin.block_id
        ):
            raise BadProof("the engine's header is of another block")
        # 2. The transaction and its result hash to what the two headers commit to.
        for root, leaf, path in (
            (inclusion.header.data_hash, transaction_leaf(transaction), inclusion.transaction_path),
            (results_root, result_leaf(ok, receipt_hash), inclusion.result_path),
        ):
            siblings = [unhex(digest) for digest in path]
            merkle.verify_path(SHA256, unhex(root), leaf, place, size, siblings)
    except (HanseError, ValueError) as error:
        raise BadProof(f"the engine's block does not hold the transaction: {error}") from error


def _check_link(commit: EngineCommit, height: int, block_id: str, app_hash: str) -> None:
    header = commit.header
    if header.height != height + 1 or header.last_block.hash != block_id:
        raise BadProof("the engine's header does not follow the block")
    if header.app_hash != app_hash:
        raise BadProof("the engine's header names another state")
