"""Who stands behind a block: the embedded orderer by signature, validators by certificate."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.block import Block, Header, header_hash, verify_header
from hanse.ledger.certificates import Certificate, decode_certificate, verify_certificate
from hanse.ledger.errors import BadBlockSignature, BadCertificate
from hanse.ledger.genesis import Genesis
from hanse.ledger.validators import Validator


def verify_orderer(suite: Suite, genesis: Genesis, header: Header, signature: str) -> None:
    """Check that the embedded orderer of the genesis signed a header.

    Raises:
        BadBlockSignature: it did not.
    """
    if header.orderer != genesis.orderer.did:
        raise BadBlockSignature("the block was ordered by somebody else")
    try:
        verify_header(suite, bytes.fromhex(genesis.orderer.public), header, signature)
    except (HanseError, ValueError) as error:
        raise BadBlockSignature("the orderer's signature does not hold") from error


def verify_certified(
    suite: Suite, header: Header, block_id: str, certificate: Certificate, set_: Sequence[Validator]
) -> None:
    """Check that a set of validators certified a header.

    Args:
        suite: of the network.
        header: of the block.
        block_id: the ordering engine's hash of it, hex.
        certificate: to check.
        set_: the validators voting on the block after this one.

    Raises:
        BadCertificate: naming what does not hold.
    """
    statement = certificate.statement
    # 1. It speaks of this very block and what executing it gave.
    if header.orderer or statement.header != header_hash(suite, header):
        raise BadCertificate("the certificate is of another block")
    stated = (statement.chain, statement.height, statement.app_hash, statement.receipts_root)
    if stated != (header.chain, header.height, header.state_root, header.receipts_root):
        raise BadCertificate("the certificate contradicts the header")
    if statement.block_id != block_id:
        raise BadCertificate("the certificate is of another block of the engine")
    # 2. More than two thirds of the power signed it.
    verify_certificate(suite, set_, certificate)


def verify_block_origin(
    suite: Suite, genesis: Genesis, block: Block, set_: Sequence[Validator]
) -> bytes | None:
    """Check that a received block is the network's; its encoded certificate, if it has one.

    Args:
        suite: of the network.
        genesis: of the network.
        block: as received.
        set_: the validators voting on the block after this one; empty under the embedded engine.

    Raises:
        BadBlockSignature: it is not.
    """
    if genesis.engine == "embedded":
        verify_orderer(suite, genesis, block.header, block.signature)
        return None
    data = bytes(block.certificate)
    try:
        certificate = decode_certificate(data)
        verify_certified(suite, block.header, block.block_id, certificate, set_)
    except BadCertificate as error:
        raise BadBlockSignature(error.message) from error
    return data
