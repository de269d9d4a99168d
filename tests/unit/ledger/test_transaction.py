"""Transactions: one spelling, signed body, id without signature."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ledger_network import COUNTER, Add, Member, Network

from hanse.core import canonical
from hanse.crypto.suite import get_suite
from hanse.ledger.errors import BadTransaction
from hanse.ledger.transaction import (
    DOMAIN,
    MAX_NESTING,
    build_transaction,
    check_nesting,
    decode_message,
    parse_transaction,
)

SUITE = get_suite("sm")
NETWORK = Network(members=1)
RAW = NETWORK.transaction(Add("x", 1), now_ms=1_000)


def changed(body: dict[str, Any] | None = None, **envelope: Any) -> bytes:
    document = json.loads(RAW)
    document["body"].update(body or {})
    document.update(envelope)
    return canonical.encode(document)


def test_round_trip() -> None:
    transaction = parse_transaction(SUITE, RAW)
    body = transaction.body
    assert (body.sender, body.contract, body.action) == ("did:hanse:member0", "counter", "Add")
    assert body.expires_ms == 601_000
    assert decode_message(transaction, COUNTER) == Add("x", 1)
    public = bytes.fromhex(NETWORK.members[0].public)
    SUITE.verify(public, DOMAIN, transaction.body_bytes, transaction.signature)


def test_id_covers_the_body_and_not_the_signature() -> None:
    member = Member("sm", "did:hanse:a")
    options: dict[str, Any] = {"now_ms": 5, "nonce": "ab" * 16}
    first = build_transaction(member, "c", "counter", Add("x", 1), **options)
    second = build_transaction(member, "c", "counter", Add("x", 1), **options)
    third = build_transaction(member, "c", "counter", Add("x", 2), **options)
    ids = [parse_transaction(SUITE, raw).id for raw in (first, second, third)]
    assert first != second
    assert ids[0] == ids[1] != ids[2]


def test_replay_digest_covers_chain_sender_and_nonce_only() -> None:
    digests = [
        parse_transaction(SUITE, changed(body)).replay
        for body in (
            {},
            {"expires_ms": 7},
            {"nonce": "0" * 32},
            {"sender": "did:b"},
            {"chain": "d"},
        )
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        RAW + b" ",
        b" " + RAW,
        RAW.replace(b":", b": ", 1),
        RAW.replace(b'"v":1', b'"v":1,"v":1'),
        RAW.replace(b'"v":1', b'"v":1.0'),
        RAW.replace(b'"v":1', b'"v":2'),
        RAW.replace(b'"Add"', b'"\\u0041dd"'),
        RAW.replace(b'"chain":"', b'"chain":"\xb5'),
        RAW.replace(b'"payload":{', b'"payload":{"\xb5":1,'),
        changed({"extra": 1}),
        changed(more=1),
        changed({"nonce": "AB" * 16}),
        changed({"nonce": "ab"}),
        changed({"nonce": "ab" * 16 + "\n"}),
        changed({"sender": ""}),
        changed({"sender": "d" * 129}),
        changed({"expires_ms": 0}),
        changed({"expires_ms": "1"}),
        changed(signature="AB" * 64),
        changed(signature="ab" * 63),
        changed(signature=None),
    ],
)
def test_anything_but_the_canonical_form_is_refused(raw: bytes) -> None:
    with pytest.raises(BadTransaction):
        parse_transaction(SUITE, raw)


def test_body_fields_in_another_order_are_refused() -> None:
    document = json.loads(RAW)
    document["body"] = dict(reversed(document["body"].items()))
    with pytest.raises(BadTransaction):
        parse_transaction(SUITE, json.dumps(document, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b'{"amount":1}',
        b'{"amount":1.0,"name":"x"}',
        b'{"amount":9007199254740993,"name":"x"}',
        b'{"name":"x","amount":1}',
        b'{"amount":1,"name":"x","z":0}',
        b'{"amount":1, "name":"x"}',
        b"[]",
    ],
)
def test_payload_that_is_no_canonical_message_is_refused(payload: bytes) -> None:
    raw = RAW.replace(b'{"amount":1,"name":"x"}', payload)
    transaction = parse_transaction(SUITE, raw)
    with pytest.raises(BadTransaction):
        decode_message(transaction, COUNTER)


def test_unknown_action_has_no_message() -> None:
    assert decode_message(parse_transaction(SUITE, changed({"action": "Fly"})), COUNTER) is None


def test_message_is_decoded_once_per_contract_version() -> None:
    transaction = parse_transaction(SUITE, RAW)
    assert decode_message(transaction, COUNTER) is decode_message(transaction, COUNTER)


def test_deep_nesting_is_refused_before_decoding() -> None:
    deep = RAW.replace(b'{"amount":1,"name":"x"}', b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(BadTransaction, match="nested"):
        parse_transaction(SUITE, deep)


def test_wide_but_shallow_is_not_deep() -> None:
    check_nesting(b"[" + b",".join([b'{"a":["[[[["]}'] * 500) + b"]")
    check_nesting(b"[" * MAX_NESTING + b"]" * MAX_NESTING)
    with pytest.raises(BadTransaction):
        check_nesting(b"[" * (MAX_NESTING + 1))
    with pytest.raises(BadTransaction):
        check_nesting(b"{" + b'"\\"":[' * 40)
