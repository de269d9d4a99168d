"""Transactions: a signed body that names one action of one contract.

The wire form is canonical JSON ``{"body": …, "signature": "…"}``. The id is the hash of the
body alone, because SM2 signatures are randomised: the same order signed twice is the same
transaction.
"""

from __future__ import annotations

import re
import secrets
from typing import Protocol

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.contract.contract import Contract, Message
from hanse.ledger.errors import BadTransaction

DOMAIN = "hanse/transaction/1"
VERSION = 1
DEFAULT_TTL_MS = 600_000
MAX_NESTING = 32
MAX_DID_CHARACTERS = 128

_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")
_JSON_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class TransactionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sender signs.

    Attributes:
        v: version of this structure, 1.
        chain: hash of the genesis, hex.
        sender: DID.
        key: verification method of the sender's DID document, ``#key-1``.
        nonce: 32 lower-case hex characters, never used twice by a sender while valid.
        expires_ms: block time after which it is refused, UTC ms.
        contract: name of a contract.
        action: class name of one of its messages.
        payload: the message, canonical JSON.
    """

    v: int
    chain: str
    sender: str
    key: str
    nonce: str
    expires_ms: int
    contract: str
    action: str
    payload: msgspec.Raw


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wire form: body and signature of its bytes."""

    body: msgspec.Raw
    signature: str


class Signer(Protocol):
    """Who signs; an identity is one."""

    @property
    def did(self) -> str:
        """The sender's DID."""
        ...

    @property
    def signing_key_id(self) -> str:
        """Verification method to be named."""
        ...

    def sign(self, domain: str, message: bytes) -> bytes:
        """64-byte signature over the tagged message."""
        ...


class Transaction:
    """A decoded transaction, carried from intake to execution so nothing is decoded twice.

    Attributes:
        raw: wire bytes.
        body: the typed body.
        body_bytes: its canonical bytes, which were signed.
        signature: 64 bytes, not yet checked.
        id: hash of the body, 32 bytes.
        replay: digest of chain, sender and nonce, 32 bytes.
        verified_with: public key the signature was verified with, or None.
        checked_height: committed height at which it was last found admissible, or -1.
        contract: contract version ``message`` was decoded for, or None.
        message: the decoded payload, or None.
    """

    __slots__ = (
        "body", "body_bytes", "checked_height", "contract", "id", "message", "raw", "replay",
        "signature", "verified_with",
    )  # fmt: skip

    def __init__(
        self, suite: Suite, raw: bytes, body: TransactionBody, body_bytes: bytes, signature: bytes
    ) -> None:
        self.raw = raw
        self.body = body
        self.body_bytes = body_bytes
        self.signature = signature
        self.id = transaction_id(suite, body_bytes)
        self.replay = replay_digest(suite, body.chain, body.sender, body.nonce)
        self.verified_with: bytes | None = None
        self.checked_height = -1
        self.contract: Contract | None = None
        self.message: Message | None = None


def transaction_id(suite: Suite, body: bytes) -> bytes:
    """Hash of the unsigned body's canonical bytes, 32 bytes; users see it in hex."""
    return suite.hash(canonical.tagged("hanse/transaction-id/1", body))


def replay_digest(suite: Suite, chain: str, sender: str, nonce: str) -> bytes:
    """What the replay window remembers: hash of chain, sender and nonce."""
    return suite.hash(
        canonical.tagged("hanse/replay/1", chain.encode(), sender.encode(), nonce.encode())
    )


def build_transaction(
    signer: Signer,
    chain: str,
    contract: str,
    message: Message,
    *,
    now_ms: int,
    ttl_ms: int = DEFAULT_TTL_MS,
    nonce: str = "",
) -> bytes:
    """Build and sign a transaction.

    Args:
        signer: identity of the sender.
        chain: chain id of the network, hex.
        contract: name of the contract.
        message: what to ask of it; its class name is the action.
        now_ms: UTC ms.
        ttl_ms: how long it may wait for a block.
        nonce: 32 hex characters; fresh random ones when empty. Reuse the nonce when signing a
            second version of an order that must take effect once at most.
    """
    body = TransactionBody(
        v=VERSION,
        chain=chain,
        sender=signer.did,
        key=signer.signing_key_id,
        nonce=nonce or secrets.token_hex(16),
        expires_ms=now_ms + ttl_ms,
        contract=contract,
        action=type(message).__name__,
        payload=msgspec.Raw(canonical.encode(message)),
    )
    data = canonical.encode(body)
    return canonical.encode(Envelope(msgspec.Raw(data), signer.sign(DOMAIN, data).hex()))


def parse_transaction(suite: Suite, raw: bytes) -> Transaction:
    """Decode wire bytes; only the one canonical spelling passes.

    The payload's own spelling is checked when it is decoded for its contract.

    Raises:
        BadTransaction: saying what is wrong.
    """
    check_nesting(raw)
    try:
        raw.decode()  # the payload too, which is not decoded here
        envelope = canonical.decode_trusted(raw, Envelope)
        body_bytes = bytes(envelope.body)
        body = canonical.decode_trusted(body_bytes, TransactionBody)
    except UnicodeDecodeError as error:
        raise BadTransaction("it is not written in UTF-8") from error
    except HanseError as error:
        raise BadTransaction(error.message) from error
    if raw != b'{"body":%b,"signature":"%b"}' % (body_bytes, envelope.signature.encode()):
        raise BadTransaction("the transaction is not in canonical form")
    if canonical.encode(body) != body_bytes:
        raise BadTransaction("the body is not in canonical form")
    _check_fields(body, envelope.signature)
    return Transaction(suite, raw, body, body_bytes, bytes.fromhex(envelope.signature))


def decode_message(transaction: Transaction, contract: Contract) -> Message | None:
    """The payload as the contract version's message type; None when it has no such action.

    Raises:
        BadTransaction: when the payload is no canonical message of that type.
    """
    if transaction.contract is contract:
        return transaction.message
    type_ = contract.actions.get(transaction.body.action)
    if type_ is None:
        return None
    try:
        message = canonical.decode(bytes(transaction.body.payload), type_)
    except HanseError as error:
        raise BadTransaction(f"payload: {error.message}") from error
    transaction.contract, transaction.message = contract, message
    return message


def check_nesting(raw: bytes) -> None:
    """Refuse deep nesting before any decoder recurses, so that all nodes refuse alike.

    Raises:
        BadTransaction: beyond ``MAX_NESTING`` levels.
    """
    if raw.count(b"{") + raw.count(b"[") <= MAX_NESTING:
        return
    depth = 0
    for token in _JSON_STRUCTURE.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                raise BadTransaction(f"nested deeper than {MAX_NESTING} levels")
        elif first in b"]}":
            depth -= 1


def _check_fields(body: TransactionBody, signature: str) -> None:
    if body.v != VERSION:
        raise BadTransaction(f"transaction version {body.v} is not known")
    if not _NONCE.match(body.nonce):
        raise BadTransaction("the nonce is not 32 lower-case hex characters")
    if not _SIGNATURE.match(signature):
        raise BadTransaction("the signature is not 128 lower-case hex characters")
    if not 0 < len(body.sender) <= MAX_DID_CHARACTERS:
        raise BadTransaction("the sender is no DID")
    if not 0 < body.expires_ms <= canonical.MAX_INTEGER:
        raise BadTransaction("expires_ms is no time")
