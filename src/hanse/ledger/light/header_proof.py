"""Proof that a header is the chain's: what a node needs that begins with a snapshot of it."""

from __future__ import annotations

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.ledger.block import Header
from hanse.ledger.certificates import Certificate
from hanse.ledger.errors import BadProof
from hanse.ledger.genesis import Genesis, genesis_hash
from hanse.ledger.light.backing import Backing, Origin, verify_validators_origin
from hanse.ledger.light.changes import ValidatorChange


class HeaderProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The validators certified this header.

    Attributes:
        v: version of this structure.
        header: of the block.
        block_id: the ordering engine's hash of the block, hex.
        certificate: of the block.
        changes: every change of the set of validators before the block, from the genesis on.
    """

    v: int = 1
    header: Header
    block_id: str
    certificate: Certificate
    changes: list[ValidatorChange]


def encode_header_proof(proof: HeaderProof) -> bytes:
    """Canonical bytes."""
    return canonical.encode(proof)


def decode_header_proof(data: bytes) -> HeaderProof:
    """Read a proof.

    Raises:
        BadProof: when it is none.
    """
    try:
        return canonical.decode(data, HeaderProof)
    except HanseError as error:
        raise BadProof(f"not a proof of a header: {error.message}") from error


def verify_header_proof(genesis: Genesis, proof: HeaderProof) -> Backing:
    """Check a proof with nothing but the genesis.

    Raises:
        BadProof: naming what does not hold.
    """
    if proof.v != 1 or proof.header.chain != genesis_hash(genesis):
        raise BadProof("the header belongs to another network")
    origin = Origin(proof.header, "", proof.block_id, proof.certificate, proof.changes)
    backing, _ = verify_validators_origin(genesis, origin, None)
    return backing
