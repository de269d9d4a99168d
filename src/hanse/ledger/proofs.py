"""Proofs a third party checks offline, with nothing but the genesis file.

A proof is one JSON document: the fact, the Merkle path to a block header, and what makes that
header the network's: the orderer's signature under the embedded engine, whose key the genesis
names; or the validators' certificate, with every change of the set of validators since the
genesis. The genesis hashes to the chain id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from hanse.core import canonical, encoding
from hanse.core.errors import HanseError
from hanse.crypto import merkle
from hanse.crypto.suite import Suite
from hanse.ledger.block import Header, Receipt, receipt_leaf
from hanse.ledger.certificates import Certificate
from hanse.ledger.errors import BadCheckpoint, BadProof
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.light.backing import (
    Backing,
    Origin,
    verify_orderer_origin,
    verify_validators_origin,
)
from hanse.ledger.light.changes import ValidatorChange
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.light.engine.evidence import (
    EngineEvidence,
    verify_engine_origin,
    verify_inclusion,
)
from hanse.ledger.state.nodes import hash_key, hash_value
from hanse.ledger.state.proof import verify_state_path
from hanse.ledger.transaction import TransactionBody, parse_transaction


class TransactionProof(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="transaction",
    tag_field="kind",
):  # fmt: skip
    """This transaction stands in this block and had this outcome.

    Attributes:
        v: version of this structure.
        header: of the block.
        signature: the embedded orderer's, hex; empty under validators.
        block_id: the ordering engine's hash of the block, hex; empty under the embedded one.
        certificate: of the validators; None under the embedded engine.
        changes: every change of the set of validators before the block, from the genesis or
            from the trusted header on that the proof was made for.
        engine: what the ordering engine's own votes say of it, if the proof shows that too.
        index: place in the block.
        transaction: wire form.
        transaction_path: RFC 6962 audit path to ``transactions_root``, hex.
        receipt: outcome; the wording of an error is left out, as it is not committed to.
        receipt_path: audit path to ``receipts_root``, hex.
    """

    v: int = 1
    header: Header
    signature: str
    block_id: str = ""
    certificate: Certificate | None = None
    changes: list[ValidatorChange] = []
    engine: EngineEvidence | None = None
    index: int
    transaction: msgspec.Raw
    transaction_path: list[str]
    receipt: Receipt
    receipt_path: list[str]


class StateProof(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="state",
    tag_field="kind",
):  # fmt: skip
    """The state after this block held this value under a key, or nothing.

    Attributes:
        v: version of this structure.
        header: of the block.
        signature, block_id, certificate, changes, engine: as in `TransactionProof`.
        key: full state key, base64url.
        value: base64url, None when the key is absent.
        nodes: of the state trie from the root on, base64url.
    """

    v: int = 1
    header: Header
    signature: str
    block_id: str = ""
    certificate: Certificate | None = None
    changes: list[ValidatorChange] = []
    engine: EngineEvidence | None = None
    key: str
    value: str | None
    nodes: list[str]


Proof = TransactionProof | StateProof
_decoder: msgspec.json.Decoder[Proof] = msgspec.json.Decoder(Proof)


@dataclass(frozen=True)
class VerifiedFact:
    """What a proof proved. ``body`` and ``receipt`` or ``key`` and ``value`` are set by kind.

    Attributes:
        kind: ``transaction`` or ``state``.
        chain: chain id, hex.
        height: of the block.
        time_ms: of the block, UTC ms.
        backing: who stands behind the block.
        tx: transaction id, hex, or empty.
        body: the transaction's body.
        receipt: its outcome.
        key: full state key, or empty.
        value: value bytes; None proves absence at that height.
    """

    kind: str
    chain: str
    height: int
    time_ms: int
    backing: Backing
    tx: str = ""
    body: TransactionBody | None = None
    receipt: Receipt | None = None
    key: bytes = b""
    value: bytes | None = None


def encode_proof(proof: Proof) -> bytes:
    """Canonical JSON bytes of a proof."""
    return canonical.encode(proof)


def decode_proof(data: bytes) -> Proof:
    """Read a proof.

    Raises:
        BadProof: when it is not in canonical form.
    """
    try:
        proof = _decoder.decode(data.strip())
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadProof(f"not a proof: {error}") from error
    if encode_proof(proof) != data.strip() or proof.v != 1:
        raise BadProof("not a proof in canonical form")
    return proof


def verify_proof(genesis: Genesis, proof: bytes, trusted: Checkpoint | None = None) -> VerifiedFact:
    """Verify a proof offline.

    Args:
        genesis: of the network, from a source the verifier trusts.
        proof: canonical JSON.
        trusted: a header of the network the verifier trusts besides, from which validators are
            followed; None to follow them from the genesis.

    Raises:
        BadProof: when it does not hold; nothing in it must be believed then.
        BadCheckpoint: when the trusted header is none of this network.
    """
    # 1. The document is a proof in its one canonical form.
    decoded = decode_proof(proof)
    suite, header = suite_of(genesis), decoded.header
    # 2. Its header belongs to the network of this genesis.
    if header.chain != genesis_hash(genesis):
        raise BadProof("the proof belongs to another network")
    # 3. The orderer signed it, or the validators certified it.
    origin = Origin(
        header, decoded.signature, decoded.block_id, decoded.certificate, decoded.changes
    )
    backing = _verify_origin(genesis, origin, decoded, trusted)
    # 4. The fact hashes to what the header commits to.
    if isinstance(decoded, TransactionProof):
        return _verify_transaction(suite, decoded, backing)
    return _verify_state(suite, decoded, backing)


def _verify_origin(
    genesis: Genesis, origin: Origin, proof: Proof, trusted: Checkpoint | None
) -> Backing:
    evidence = proof.engine
    if genesis.engine == "embedded":
        if trusted is not None:
            raise BadCheckpoint("the network has one orderer; its genesis is what to trust")
        if evidence is not None:
            raise BadProof("the network has one orderer and no engine")
        return verify_orderer_origin(genesis, origin)
    backing, followed = verify_validators_origin(genesis, origin, trusted)
    if evidence is None:
        return backing
    # The engine's votes, where a proof carries them, must hold as well.
    voted = verify_engine_origin(origin, followed, evidence)
    if isinstance(proof, TransactionProof):
        receipt = proof.receipt
        digest = suite_of(genesis).hash(receipt_leaf(receipt))
        transaction = bytes(proof.transaction)
        verify_inclusion(origin, evidence, proof.index, transaction, receipt.ok, digest)
    elif evidence.inclusion is not None:
        raise BadProof("a proof of state has no place in the engine's block")
    return replace(backing, voted=voted)


def _verify_transaction(suite: Suite, proof: TransactionProof, backing: Backing) -> VerifiedFact:
    header = proof.header
    raw = bytes(proof.transaction)
    leaf = receipt_leaf(proof.receipt)
    try:
        for root, item, path in (
            (header.transactions_root, raw, proof.transaction_path),
            (header.receipts_root, leaf, proof.receipt_path),
        ):
            siblings = [unhex(digest) for digest in path]
            merkle.verify_path(suite, unhex(root), item, proof.index, header.count, siblings)
        transaction = parse_transaction(suite, raw)
    except (HanseError, ValueError) as error:
        raise BadProof(f"the transaction is not proved: {error}") from error
    if proof.receipt.tx != transaction.id.hex() or proof.receipt.message:
        raise BadProof("the receipt is not this transaction's")
    return VerifiedFact(
        kind="transaction",
        chain=header.chain,
        height=header.height,
        time_ms=header.time_ms,
        backing=backing,
        tx=proof.receipt.tx,
        body=transaction.body,
        receipt=proof.receipt,
    )


def _verify_state(suite: Suite, proof: StateProof, backing: Backing) -> VerifiedFact:
    header = proof.header
    try:
        root = unhex(header.state_root)
        key = encoding.unb64url(proof.key)
        value = None if proof.value is None else encoding.unb64url(proof.value)
        nodes = [encoding.unb64url(node) for node in proof.nodes]
    except (HanseError, ValueError) as error:
        raise BadProof("the proof's bytes are badly encoded") from error
    found = verify_state_path(suite.hash, root, hash_key(suite.hash, key), nodes)
    expected = None if value is None else hash_value(suite.hash, value)
    if found != expected:
        raise BadProof("the state holds something else under this key")
    return VerifiedFact(
        kind="state",
        chain=header.chain,
        height=header.height,
        time_ms=header.time_ms,
        backing=backing,
        key=key,
        value=value,
    )
