"""The genesis file and the chain id."""

from __future__ import annotations

import msgspec
import pytest
from ledger_network import Network

from hanse.ledger.errors import BadGenesis
from hanse.ledger.genesis import Parameters, decode_genesis, encode_genesis, genesis_hash

NETWORK = Network(members=1)


def test_round_trip_keeps_the_chain_id() -> None:
    data = encode_genesis(NETWORK.genesis)
    assert genesis_hash(decode_genesis(b"\n" + data + b"\n")) == NETWORK.chain


def test_any_change_is_another_chain() -> None:
    for change in (
        {"name": "other"},
        {"created_ms": 1},
        {"suite": "intl"},
        {"contracts": {"people": 1}},
        {"parameters": Parameters(max_ttl_ms=1)},
        {"initial": {}},
    ):
        assert genesis_hash(msgspec.structs.replace(NETWORK.genesis, **change)) != NETWORK.chain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"suite":"sm"', b'"suite":"md5"'),
        (b'"v":1}', b'"v":2}'),
        (b'"max_ttl_ms":86400000', b'"max_ttl_ms":0'),
        (b'"max_block_bytes":4194304', b'"max_block_bytes":1'),
        (b'"name":"test"', b'"name": "test"'),
        (b'"name":"test"', b'"name":"test","x":1'),
    ],
)
def test_bad_genesis_file_is_refused(old: bytes, new: bytes) -> None:
    data = encode_genesis(NETWORK.genesis)
    assert old in data
    with pytest.raises(BadGenesis):
        decode_genesis(data.replace(old, new))


def test_empty_file_is_refused() -> None:
    with pytest.raises(BadGenesis):
        decode_genesis(b"")
