"""Certificates: how the validators of a BFT network sign, with the network's own suite, what a
block did.

The ordering engine's votes are Ed25519 and say which transactions stand in a block, before it
is executed. A certificate says what came of them. Block H is executed between the votes on H
and the votes on H + 1, so a validator signs its `Statement` of H as the extension of its vote
on H + 1, and the certificate of H is complete when block H + 1 is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.block import Header, header_hash
from hanse.ledger.errors import BadCertificate
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.validators import Validator, is_quorum, total_power, validators_hash

DOMAIN = "hanse/certificate/1"
FIRST_CERTIFIED = 1
"""Block 0 is computed from the genesis by everybody, and certified by nobody."""
CERTIFIED_AFTER = 2
"""The certificate of a block stands two blocks later, as the first item of the engine's block."""
PREFIX = b"\x00hanse-certificate\x00"
"""What that item begins with; no transaction does."""


def is_certificate_due(height: int) -> bool:
    """Whether the engine's block at this height begins with a certificate."""
    return height >= FIRST_CERTIFIED + CERTIFIED_AFTER


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one validator says of one executed block; all hashes hex.

    Attributes:
        v: version of this structure.
        chain: chain id.
        height: of the block.
        header: hash of the ledger's header of the block.
        block_id: the ordering engine's hash of the block.
        app_hash: root of the state after the block.
        receipts_root: root over the block's receipts.
        validators: hash of the set that signs this statement: the one voting on height + 1.
        next_validators: hash of the set that will sign the next block's statement.
    """

    v: int = 1
    chain: str
    height: int
    header: str
    block_id: str
    app_hash: str
    receipts_root: str
    validators: str
    next_validators: str


class CommitSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One validator's signature over a statement; ``signature`` is hex."""

    did: str
    signature: str


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement signed by more than two thirds of the power; signatures by ascending DID."""

    statement: Statement
    signatures: list[CommitSignature]


class VoteExtension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a validator attaches to its vote on the block after the one it states.

    It carries the statement itself, so that two of one height convict their signer without
    anything else.
    """

    statement: Statement
    signature: str


def make_statement(
    suite: Suite,
    header: Header,
    block_id: str,
    signers: Sequence[Validator],
    next_signers: Sequence[Validator],
) -> Statement:
    """The statement every honest validator makes of an executed block.

    Args:
        suite: of the network.
        header: of the executed block.
        block_id: the engine's hash of it, hex.
        signers: the set voting on the next height.
        next_signers: the set voting on the height after that.
    """
    return Statement(
        chain=header.chain,
        height=header.height,
        header=header_hash(suite, header),
        block_id=block_id,
        app_hash=header.state_root,
        receipts_root=header.receipts_root,
        validators=validators_hash(suite, signers),
        next_validators=validators_hash(suite, next_signers),
    )


def statement_bytes(statement: Statement) -> bytes:
    """What is signed."""
    return canonical.encode(statement)


def sign_statement(suite: Suite, private: bytes, statement: Statement) -> str:
    """A validator's signature with its certificate key, hex."""
    return suite.sign(private, DOMAIN, statement_bytes(statement)).hex()


def verify_statement(suite: Suite, public: str, statement: Statement, signature: str) -> None:
    """Check one signature.

    Args:
        suite: of the network.
        public: certificate key, hex.
        statement: what was signed.
        signature: hex.

    Raises:
        BadCertificate: when it does not hold.
    """
    try:
        suite.verify(unhex(public), DOMAIN, statement_bytes(statement), unhex(signature))
    except (HanseError, ValueError) as error:
        raise BadCertificate("a validator's signature does not hold") from error


def verify_certificate(
    suite: Suite, validators: Sequence[Validator], certificate: Certificate
) -> None:
    """Check that more than two thirds of a set's power signed a statement.

    Args:
        suite: of the network.
        validators: the set voting on the height after the statement's.
        certificate: to check.

    Raises:
        BadCertificate: naming what does not hold.
    """
    statement = certificate.statement
    # 1. The statement names this very set as its signers.
    if statement.v != 1 or statement.validators != validators_hash(suite, validators):
        raise BadCertificate("the certificate was made by another set of validators")
    # 2. Signatures stand in the one order, none twice.
    names = [signature.did for signature in certificate.signatures]
    if names != sorted(set(names)):
        raise BadCertificate("the signatures are not in ascending order of their signers")
    # 3. Each is by a validator of the set and holds.
    by_did = {validator.did: validator for validator in validators}
    power = 0
    for item in certificate.signatures:
        validator = by_did.get(item.did)
        if validator is None:
            raise BadCertificate("somebody outside the set signed")
        verify_statement(suite, validator.certificate_public, statement, item.signature)
        power += validator.power
    # 4. Together they hold more than two thirds of the power.
    if not is_quorum(power, total_power(validators)):
        raise BadCertificate("the signers hold too little power")


def assemble(
    statement: Statement, signatures: Iterable[CommitSignature], validators: Sequence[Validator]
) -> Certificate | None:
    """A certificate of verified signatures, None while they hold too little power."""
    power = {validator.did: validator.power for validator in validators}
    chosen = sorted((s for s in signatures if s.did in power), key=lambda s: s.did)
    if not is_quorum(sum(power[s.did] for s in chosen), total_power(validators)):
        return None
    return Certificate(statement, chosen)


def encode_certificate(certificate: Certificate) -> bytes:
    """Canonical bytes."""
    return canonical.encode(certificate)


def decode_certificate(data: bytes) -> Certificate:
    """Read a certificate.

    Raises:
        BadCertificate: when the bytes are none in canonical form.
    """
    try:
        return canonical.decode(data, Certificate)
    except HanseError as error:
        raise BadCertificate(f"not a certificate: {error.message}") from error


def encode_extension(extension: VoteExtension) -> bytes:
    """Canonical bytes."""
    return canonical.encode(extension)


def decode_extension(data: bytes) -> VoteExtension:
    """Read a vote extension.

    Raises:
        BadCertificate: when the bytes are none in canonical form.
    """
    try:
        return canonical.decode(data, VoteExtension)
    except HanseError as error:
        raise BadCertificate(f"not a vote extension: {error.message}") from error
