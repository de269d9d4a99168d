"""What is written for the engine: keys, genesis, configuration, home."""

import base64
import json
import stat
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from hanse.ledger.bft.engine.chain import Chain, chain_of, genesis_file
from hanse.ledger.bft.engine.config import config_file
from hanse.ledger.bft.engine.errors import BadEngineSettings, SignStateMissing, WrongEngineHome
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import (
    EngineKeys,
    address,
    new_keys,
    node_id,
    node_key_file,
    public_key,
    validator_key_file,
)
from hanse.ledger.bft.engine.settings import EngineSettings, Peer, StateSync, Timeouts
from hanse.ledger.genesis import Genesis, Orderer, Parameters, genesis_hash

# Made by `cometbft init` of v0.38.25; the node id by `cometbft show-node-id`.
VALIDATOR = {
    "address": "59096D9552CCEB385578FCB0E6460DB307A5F70F",
    "pub_key": {
        "type": "tendermint/PubKeyEd25519",
        "value": "vo8x9pwLkqP8SoTEvkE/pnTzssyc16BpI9aONuSMXZ8=",
    },
    "priv_key": {
        "type": "tendermint/PrivKeyEd25519",
        "value": "MR/babhvapFUr77b6LNPgKT416HoPNYt3Uts111tVPi+jzH2nAuSo/xKhMS+QT+mdPOyzJzXoGkj1o425"
        "Ixdnw==",
    },
}
NODE = {
    "priv_key": {
        "type": "tendermint/PrivKeyEd25519",
        "value": "a5tpvDLKRhJNhBMiMRIiXbV4QroRAe0gi/H718NGw9iQI7mYLnPnaOLn40S7OgekKZbxSXTdo8ybCdyPn"
        "Wpjvw==",
    }
}
NODE_ID = "df4d735011f1cc22aa09b8896a27a7cdce1ccbf0"
CHAIN = Chain("hanse-test", 1_700_000_000_007, Parameters())


def seed(file: dict[str, dict[str, str]]) -> bytes:
    return base64.b64decode(file["priv_key"]["value"])[:32]


def test_key_files_are_those_of_the_engine() -> None:
    assert json.loads(validator_key_file(seed(VALIDATOR))) == VALIDATOR
    assert json.loads(node_key_file(seed(NODE))) == NODE
    keys = EngineKeys(seed(VALIDATOR), seed(NODE))
    assert keys.node_id == NODE_ID == node_id(public_key(seed(NODE)))
    assert address(keys.validator_public).hex().upper() == VALIDATOR["address"]
    assert seed(VALIDATOR).hex() not in repr(keys)


def test_fresh_keys_differ() -> None:
    first, second = new_keys(), new_keys()
    assert len({first.validator, first.node, second.validator, second.node}) == 4


def test_chain_follows_from_the_ledgers_genesis() -> None:
    genesis = Genesis(
        name="n",
        suite="sm",
        created_ms=1_700_000_000_007,
        engine="cometbft",
        orderer=Orderer("did:hanse:x", "00"),
        contracts={},
    )
    chain = chain_of(genesis, ((bytes(32), 7),))
    assert chain.chain_id == "hanse-" + genesis_hash(genesis)[:40]
    content = json.loads(genesis_file(chain))
    assert content["genesis_time"] == "2023-11-14T22:13:20.007Z"
    params = content["consensus_params"]
    assert int(params["block"]["max_bytes"]) > genesis.parameters.max_block_bytes
    assert params["abci"]["vote_extensions_enable_height"] == "1"
    assert content["validators"][0]["power"] == "7"


def test_block_larger_than_the_engine_agrees_on_is_refused() -> None:
    with pytest.raises(BadEngineSettings):
        Chain("c", 0, Parameters(max_block_bytes=100 * 1024 * 1024))


def test_limits_of_engine_and_ledger_agree() -> None:
    peer = Peer(NODE_ID, "10.0.0.2", 26_656)
    settings = EngineSettings('odd "name"\n', peers=(peer, peer), prometheus_port=9_100)
    parsed = tomllib.loads(config_file(settings, CHAIN).decode())
    largest = CHAIN.parameters.max_transaction_bytes
    assert parsed["moniker"] == 'odd "name"\n'
    assert parsed["mempool"]["max_tx_bytes"] == largest
    assert parsed["rpc"]["max_body_bytes"] > largest * 4 / 3
    assert parsed["p2p"]["persistent_peers"] == f"{peer},{peer}"
    assert parsed["consensus"]["create_empty_blocks"] is False
    assert parsed["instrumentation"]["prometheus"] is True
    assert parsed["statesync"] == {"enable": False}


def test_every_knob_is_explained() -> None:
    lines = config_file(EngineSettings("n"), CHAIN).decode().splitlines()
    for before, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_state_sync_and_addresses_are_rendered() -> None:
    sync = StateSync(("a:1", "b:2"), 5, "ab" * 32)
    settings = EngineSettings("n", host="::1", external="node.example:1", state_sync=sync)
    parsed = tomllib.loads(config_file(settings, CHAIN).decode())
    assert parsed["statesync"]["rpc_servers"] == "a:1,b:2"
    assert parsed["statesync"]["trust_hash"] == "AB" * 32
    assert parsed["p2p"]["laddr"] == "tcp://[::1]:26656"
    assert parsed["p2p"]["external_address"] == "node.example:1"


@pytest.mark.parametrize(
    "make",
    [
        lambda: EngineSettings("n", port=0),
        lambda: EngineSettings("n", host='x"\n'),
        lambda: EngineSettings("n", external="host"),
        lambda: EngineSettings("n", prometheus_port=70_000),
        lambda: EngineSettings("n", mempool_transactions=0),
        lambda: EngineSettings("n", log_level="loud"),
        lambda: Peer("xyz", "h", 1),
        lambda: Timeouts(propose=0),
        lambda: StateSync(("a:1",), 5, "ab" * 32),
        lambda: StateSync(("a:1", "b:1"), 0, "ab" * 32),
    ],
)
def test_settings_without_sense_are_refused(make: object) -> None:
    with pytest.raises(BadEngineSettings):
        make()


def test_home_is_private_and_keys_come_and_go(tmp_path: Path) -> None:
    home = EngineHome(tmp_path / "engine")
    home.prepare(EngineSettings("n"), CHAIN)
    home.write_keys(EngineKeys(seed(VALIDATOR), seed(NODE)))
    for path in (home.validator_key, home.node_key, home.sign_state, home.genesis):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    home.remove_keys()
    home.remove_keys()
    assert not home.validator_key.exists() and not home.node_key.exists()


def test_preparing_again_keeps_genesis_and_sign_state(tmp_path: Path) -> None:
    home = EngineHome(tmp_path)
    home.prepare(EngineSettings("n"), CHAIN)
    home.sign_state.write_text('{"height": "9"}')
    genesis = home.genesis.read_bytes()
    home.prepare(EngineSettings("renamed"), CHAIN)
    assert home.sign_state.read_text() == '{"height": "9"}'
    assert home.genesis.read_bytes() == genesis
    assert "renamed" in home.config.read_text()


def test_home_of_another_network_is_refused(tmp_path: Path) -> None:
    home = EngineHome(tmp_path)
    home.prepare(EngineSettings("n"), CHAIN)
    config = home.config.read_bytes()
    with pytest.raises(WrongEngineHome):
        home.prepare(EngineSettings("other"), Chain("hanse-other", 0, Parameters()))
    assert home.config.read_bytes() == config
    home.genesis.write_text("{")
    with pytest.raises(WrongEngineHome):
        home.prepare(EngineSettings("n"), CHAIN)


def test_blocks_without_sign_state_are_refused(tmp_path: Path) -> None:
    home = EngineHome(tmp_path)
    home.prepare(EngineSettings("n"), CHAIN)
    home.sign_state.unlink()
    (tmp_path / "data" / "blockstore.db").mkdir()
    with pytest.raises(SignStateMissing):
        home.prepare(EngineSettings("n"), CHAIN)
