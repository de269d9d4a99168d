"""Who stands behind the block of a proof: the orderer of the genesis, or the validators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.authority import verify_certified, verify_orderer
from hanse.ledger.block import Header, header_hash
from hanse.ledger.certificates import Certificate
from hanse.ledger.errors import BadProof
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.light.changes import Followed, Start, ValidatorChange, follow, start_of
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.validators import Validator, total_power


@dataclass(frozen=True)
class Origin:
    """The part of a proof that says whose block it is.

    Attributes:
        header: of the block.
        signature: the embedded orderer's, hex; empty under validators.
        block_id: the ordering engine's hash of the block, hex; empty under the embedded one.
        certificate: of the validators; None under the embedded engine.
        changes: of the set of validators, in order.
    """

    header: Header
    signature: str
    block_id: str
    certificate: Certificate | None
    changes: Sequence[ValidatorChange]


@dataclass(frozen=True)
class Tally:
    """Who of a set signed.

    Attributes:
        powers: DID → power of each that signed.
        total: power of the whole set.
    """

    powers: dict[str, int]
    total: int

    @property
    def power(self) -> int:
        """Power of those that signed."""
        return sum(self.powers.values())


@dataclass(frozen=True)
class Backing:
    """Who was found to stand behind a block.

    Attributes:
        kind: ``orderer`` or ``validators``.
        signed: who signed the block's header or statement, in the network's suite.
        changes: number of changes of the set that were followed.
        since: height from which they were followed, 0 for the genesis.
        voted: who voted in the engine for the block after it, by Ed25519; None when the proof
            does not show it.
    """

    kind: str
    signed: Tally
    changes: int = 0
    since: int = 0
    voted: Tally | None = None


def tally(validators: Sequence[Validator], signers: Iterable[str]) -> Tally:
    """Count the signers' power in a set."""
    signed = set(signers)
    powers = {v.did: v.power for v in validators if v.did in signed}
    return Tally(powers, total_power(validators))


def verify_orderer_origin(genesis: Genesis, origin: Origin) -> Backing:
    """Check that the orderer of the genesis signed the block.

    Raises:
        BadProof: it did not, or the proof carries what only validators make.
    """
    if origin.block_id or origin.certificate is not None or origin.changes:
        raise BadProof("the network has one orderer and no validators")
    try:
        verify_orderer(suite_of(genesis), genesis, origin.header, origin.signature)
    except HanseError as error:
        raise BadProof(error.message) from error
    return Backing("orderer", Tally({genesis.orderer.did: 1}, 1))


def verify_validators_origin(
    genesis: Genesis, origin: Origin, trusted: Checkpoint | None
) -> tuple[Backing, Followed]:
    """Check that the set of validators in force certified the block.

    Args:
        genesis: of the network.
        origin: of the block.
        trusted: where to begin following; None for the genesis.

    Raises:
        BadProof: they did not, or the changes do not lead to them.
        BadCheckpoint: the checkpoint is none of this network.
    """
    suite, header, certificate = suite_of(genesis), origin.header, origin.certificate
    if origin.signature or certificate is None:
        raise BadProof("the block is not certified by validators")
    # 1. From the set that is trusted to the one in force at the block.
    start = start_of(genesis, trusted)
    followed = follow(suite, header.chain, start, origin.changes, header.height)
    _check_trusted_header(suite, start, header)
    # 2. That set certified the block.
    in_force = followed.sets[-1]
    try:
        verify_certified(suite, header, origin.block_id, certificate, in_force)
    except HanseError as error:
        raise BadProof(f"the block is not certified: {error.message}") from error
    signed = tally(in_force, (signature.did for signature in certificate.signatures))
    since = start.height if trusted is not None else 0
    backing = Backing("validators", signed, len(followed.changes), since)
    return backing, followed


def _check_trusted_header(suite: Suite, start: Start, header: Header) -> None:
    if not start.header:
        return
    if header.height == start.height and header_hash(suite, header) != start.header:
        raise BadProof("the block is another than the trusted header of its height")
    if header.height == start.height + 1 and header.previous != start.header:
        raise BadProof("the block does not continue the trusted header")
