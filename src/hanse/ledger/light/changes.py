"""From a set of validators that is trusted to the one that certified a block.

Every statement names, by hash, the set that signs it and the set that signs the next. Where the
two differ, the certificate of that block is how one set hands over to the other. A verifier
who knows the first set (the genesis names it) needs those certificates and the new sets, and
nothing of the blocks between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hanse.crypto.suite import Suite
from hanse.ledger.certificates import Certificate, verify_certificate
from hanse.ledger.errors import BadCertificate, BadGenesis, BadProof
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.light.checkpoint import Checkpoint, check_checkpoint
from hanse.ledger.validators import Validator, is_set, preset_validators, validators_hash


class ValidatorChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set handing over to the next.

    Attributes:
        certificate: of the block whose statement names the new set as the next signers.
        validators: the new set, by ascending DID; it certifies the blocks after that one.
    """

    certificate: Certificate
    validators: list[Validator]


@dataclass(frozen=True)
class Start:
    """Where a verifier begins to follow.

    Attributes:
        height: the first block that ``validators`` certify, as far as is known.
        validators: trusted.
        header: hash of the trusted header at ``height``, hex; empty when starting from genesis.
    """

    height: int
    validators: tuple[Validator, ...]
    header: str = ""


@dataclass(frozen=True)
class Followed:
    """A walk that held.

    Attributes:
        sets: the trusted set, and each set that followed; the last certified the block.
        changes: the changes between them, in order.
    """

    sets: tuple[tuple[Validator, ...], ...]
    changes: tuple[ValidatorChange, ...]


def start_of(genesis: Genesis, trusted: Checkpoint | None) -> Start:
    """Where to begin: at a trusted header, or with the set the genesis names.

    Raises:
        BadCheckpoint: the trusted header belongs to another network.
        BadProof: the genesis names no validators.
    """
    if trusted is not None:
        check_checkpoint(suite_of(genesis), genesis_hash(genesis), trusted)
        return Start(trusted.height, tuple(trusted.validators), trusted.header)
    try:
        presets = preset_validators(genesis)
    except BadGenesis as error:
        raise BadProof(error.message) from error
    if not presets:
        raise BadProof("the genesis names no validators")
    return Start(1, presets)


def follow(
    suite: Suite, chain: str, start: Start, changes: Sequence[ValidatorChange], height: int
) -> Followed:
    """Walk to the set that certifies a block.

    Changes below a trusted header are passed over: who trusts the header needs none of them,
    and does not depend on keys of validators that left before it.

    Args:
        suite: of the network.
        chain: chain id, hex.
        start: what is trusted.
        changes: all from the start on, in order.
        height: of the block.

    Raises:
        BadProof: a change does not hold, or the changes are not those up to the block.
    """
    if height < start.height:
        raise BadProof(f"the block lies below the trusted header of height {start.height}")
    # 1. Changes stand in the order in which they happened, all before the block.
    heights = [change.certificate.statement.height for change in changes]
    if heights != sorted(set(heights)) or (heights and heights[-1] >= height):
        raise BadProof("the changes of validators are not in the order of their blocks")
    needed = [c for c in changes if c.certificate.statement.height >= start.height]
    sets = [start.validators]
    for change in needed:
        # 2. Each is certified by the set in force, on this chain.
        _check_change(suite, chain, start, sets[-1], change)
        # 3. From the next block on the set it names is in force.
        sets.append(tuple(change.validators))
    return Followed(tuple(sets), tuple(needed))


def _check_change(
    suite: Suite,
    chain: str,
    start: Start,
    in_force: Sequence[Validator],
    change: ValidatorChange,
) -> None:
    statement = change.certificate.statement
    if statement.chain != chain:
        raise BadProof("a change of validators belongs to another network")
    if start.header and statement.height == start.height and statement.header != start.header:
        raise BadProof("a change of validators is of another block than the trusted header")
    try:
        verify_certificate(suite, in_force, change.certificate)
    except BadCertificate as error:
        where = f"the change of validators at block {statement.height}"
        raise BadProof(f"{where} is not certified: {error.message}") from error
    if statement.next_validators == statement.validators:
        raise BadProof("a change of validators changes nothing")
    new = change.validators
    if not is_set(new) or validators_hash(suite, new) != statement.next_validators:
        raise BadProof(f"block {statement.height} handed over to another set of validators")
