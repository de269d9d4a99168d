"""Making homes and networks: all or nothing, and never over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.core.errors import HanseError
from hanse.crypto.errors import WeakPassphrase
from hanse.identity.did import verify_registration
from hanse.ledger.genesis import decode_genesis, genesis_hash, suite_of
from hanse.ledger.validators import preset_validators
from hanse.node.bootstrap import create_network, init_node, join_network, prepare_validator
from hanse.node.errors import (
    AlienGenesis,
    BadApplication,
    BadSettings,
    HomeExists,
    HomeInUse,
    NetworkExists,
    NoEngine,
    NotAHome,
    OneOrderer,
    WeakPassword,
)
from hanse.node.genesis import BadNetwork
from hanse.node.home import NodeHome
from hanse.node.lock import HomeLock
from hanse.node.membership.applicant import read_wanted
from hanse.node.ordering_keys import has_ordering_keys
from hanse.node.secrets import orderer_key, unlock
from hanse.node.settings import load_settings
from hanse.node.validator import write_validator

PASSWORD = "correct-horse-9"


@pytest.fixture(scope="module")
def operator(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("operator") / "node"
    init_node(home, name="Exchange", suite="intl", port=9001, admin_password=PASSWORD)
    return home


@pytest.fixture(scope="module")
def genesis_file(operator: Path) -> Path:
    return create_network(operator, name="trial", points=50).genesis_file


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"admin_password": "short"}, WeakPassword),
        ({"passphrase": "short"}, WeakPassphrase),
        ({"suite": "rsa"}, BadSettings),
        ({"port": 70_000}, BadSettings),
        ({"name": ""}, BadSettings),
        ({"public_url": "ftp://x"}, BadSettings),
        ({"admin_roles": ["king"]}, HanseError),
    ],
)
def test_init_refused_leaves_nothing(tmp_path: Path, changes: dict, error: type) -> None:
    arguments = {"name": "Bank", "suite": "intl", "admin_password": PASSWORD, **changes}
    with pytest.raises(error):
        init_node(tmp_path / "node", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_init_over_something_is_refused(operator: Path, tmp_path: Path) -> None:
    with pytest.raises(HomeExists):
        init_node(operator, name="Bank", suite="intl")
    (tmp_path / "mine").write_text("x")
    with pytest.raises(HomeExists):
        init_node(tmp_path, name="Bank", suite="intl")
    assert (tmp_path / "mine").read_text() == "x"


def test_genesis_names_the_operator_its_proof_and_a_key_of_the_chain(
    operator: Path, genesis_file: Path
) -> None:
    genesis = decode_genesis(genesis_file.read_bytes())
    secrets = unlock(NodeHome(operator), {})
    suite = suite_of(genesis)
    assert genesis.orderer.did == secrets.identity.did
    assert genesis.orderer.public == suite.signing_public(orderer_key(secrets)).hex()
    assert genesis.orderer.public != secrets.identity.signing_public.hex()
    member = genesis.initial["identity"]["members"][0]
    assert member["roles"] == ["operator", "regulator"]
    document = secrets.identity.document()
    assert member["document"]["services"][0]["endpoint"] == "http://127.0.0.1:9001"
    assert document.id == member["document"]["id"]
    import msgspec

    from hanse.contracts.identity.types import GenesisMember

    typed = msgspec.convert(member, GenesisMember)
    verify_registration(suite, typed.document, bytes.fromhex(typed.proof))
    assert load_settings(operator).ledger.role == "sequencer"


def test_second_network_in_one_home_is_refused(operator: Path, genesis_file: Path) -> None:
    before = genesis_file.read_bytes()
    with pytest.raises(NetworkExists):
        create_network(operator, name="other")
    assert genesis_file.read_bytes() == before


def test_network_needs_an_operator_and_a_home(tmp_path: Path) -> None:
    with pytest.raises(NotAHome):
        create_network(tmp_path, name="x")
    init_node(tmp_path / "n", name="Bank", suite="intl", admin_password=PASSWORD)
    with pytest.raises(BadNetwork, match="operator"):
        create_network(tmp_path / "n", name="x", roles=["regulator"])
    assert load_settings(tmp_path / "n").ledger.role == "none"


def test_join_keeps_genesis_and_what_is_asked(tmp_path: Path, genesis_file: Path) -> None:
    home = tmp_path / "n"
    init_node(home, name="银行", suite="intl", port=9002, admin_password=PASSWORD)
    url = "http://127.0.0.1:9001/"
    with pytest.raises(BadApplication):
        join_network(home, genesis_file=genesis_file, operator_url=url, roles=[])
    with pytest.raises(BadSettings):
        join_network(home, genesis_file=genesis_file, operator_url="nowhere", roles=["auditor"])
    with HomeLock(NodeHome(home).lock_file), pytest.raises(HomeInUse):
        join_network(home, genesis_file=genesis_file, operator_url=url, roles=["auditor"])
    joined = join_network(
        home, genesis_file=genesis_file, operator_url=url, roles=["auditor"], controller="Keel"
    )
    assert joined.chain == genesis_hash(decode_genesis(genesis_file.read_bytes()))
    wanted = read_wanted(NodeHome(home))
    assert (wanted.name, wanted.roles, wanted.controller) == ("银行", ["auditor"], "Keel")
    settings = load_settings(home)
    assert (settings.ledger.role, settings.ledger.operator_url) == ("follower", url.rstrip("/"))


def test_join_a_network_of_another_suite_is_refused(tmp_path: Path, genesis_file: Path) -> None:
    home = tmp_path / "n"
    init_node(home, name="Bank", suite="sm", admin_password=PASSWORD)
    with pytest.raises(AlienGenesis):
        join_network(home, genesis_file=genesis_file, operator_url="http://x", roles=["auditor"])
    altered = tmp_path / "genesis.json"
    altered.write_bytes(genesis_file.read_bytes()[:-20])
    with pytest.raises(HanseError) as refused:
        join_network(home, genesis_file=altered, operator_url="http://x", roles=["auditor"])
    assert refused.value.code == "ledger.bad_genesis"
    assert not NodeHome(home).genesis_file.exists()


def test_network_of_validators_needs_the_operators_own_node_among_them(tmp_path: Path) -> None:
    for name in ("operator", "bank"):
        init_node(tmp_path / name, name=name, suite="intl", admin_password=PASSWORD)
    described = tmp_path / "bank.json"
    write_validator(described, prepare_validator(tmp_path / "bank", host="127.0.0.1", port=26_656))
    with pytest.raises(NoEngine):
        create_network(tmp_path / "operator", name="trial", validators=[described])
    prepare_validator(tmp_path / "operator", host="127.0.0.1", port=26_657)
    made = create_network(tmp_path / "operator", name="trial", validators=[described])
    genesis = decode_genesis(made.genesis_file.read_bytes())
    assert genesis.engine == "cometbft"
    assert len(preset_validators(genesis)) == 2
    assert load_settings(tmp_path / "operator").ledger.role == "participant"


def test_follower_of_validators_takes_part_once_prepared(tmp_path: Path) -> None:
    for name in ("operator", "bank"):
        init_node(tmp_path / name, name=name, suite="intl", admin_password=PASSWORD)
    prepare_validator(tmp_path / "operator", host="127.0.0.1", port=26_657)
    file = create_network(tmp_path / "operator", name="trial").genesis_file
    bank = tmp_path / "bank"
    join_network(bank, genesis_file=file, operator_url="http://x", roles=["auditor"])
    assert load_settings(bank).ledger.role == "follower"
    prepare_validator(bank, host="127.0.0.1", port=26_656)
    assert load_settings(bank).ledger.role == "participant"


def test_no_engine_where_one_node_orders(tmp_path: Path, genesis_file: Path) -> None:
    home = tmp_path / "n"
    init_node(home, name="Bank", suite="intl", admin_password=PASSWORD)
    join_network(home, genesis_file=genesis_file, operator_url="http://x", roles=["auditor"])
    before = load_settings(home)
    with pytest.raises(OneOrderer):
        prepare_validator(home, host="127.0.0.1", port=26_656)
    assert load_settings(home) == before
    assert not has_ordering_keys(unlock(NodeHome(home)).keystore)
