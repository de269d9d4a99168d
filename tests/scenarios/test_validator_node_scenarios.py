"""Nodes registered, moved, taken out, given other keys; each with those who may not."""

from __future__ import annotations

import pytest
from contract_network import Network
from validator_network import (
    NodeKeys,
    newest,
    node_id,
    powers,
    preset,
    registration,
    replacement,
    validator_network,
    vote,
)

from hanse.contracts.identity.errors import MemberNotFound, MemberSuspendedError
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.system import genesis_messages
from hanse.contracts.validators import errors, messages
from hanse.contracts.validators.contract import SPEC
from hanse.contracts.validators.invariants import check_nodes, check_sets
from hanse.contracts.validators.proofs import CERTIFICATE_DOMAIN, ENGINE_DOMAIN, key_statement
from hanse.contracts.validators.queries import (
    ContractValidators,
    get_newest_set,
    get_node,
    get_set,
)
from hanse.contracts.validators.types import ValidatorParameters
from hanse.core.canonical import NotCanonical
from hanse.core.errors import HanseError
from hanse.crypto.errors import BadKey
from hanse.crypto.suite import get_suite


@pytest.fixture
def net() -> Network:
    return validator_network()


def check(net: Network) -> None:
    check_sets(net.state, net.height)
    check_nodes(net.state, [net.did(name) for name in net.names])


@pytest.mark.parametrize("suite", ["intl", "sm"])
def test_register_by_member_with_both_proofs_makes_an_observer(suite: str) -> None:
    net = validator_network(suite=suite)
    outcome = net.send("compute_1", registration(net, "compute_1"))
    assert outcome.names() == ["NodeRegistered"]
    node = get_node(net.state, net.did("compute_1"))
    assert node is not None
    assert (node.name, node.address, node.node_id) == (
        "compute_1",
        "compute_1.example:26656",
        node_id("compute_1"),
    )
    assert (node.registered_height, node.updated_height) == (1, 1)
    assert "compute_1" not in powers(net)
    check(net)


def test_register_by_unknown_or_suspended_member_is_refused(net: Network) -> None:
    with pytest.raises(MemberNotFound):
        net.send(net.did("nobody"), registration(net, "compute_1"))
    net.send("operator", SuspendMember(net.did("compute_1")))
    for message in (
        registration(net, "compute_1"),
        messages.UpdateNode(node_id("x"), "x:1"),
        messages.DeregisterNode(),
        replacement(net, "compute_1", engine=1),
    ):
        with pytest.raises(MemberSuspendedError):
            net.send("compute_1", message)


def test_register_twice_is_refused(net: Network) -> None:
    net.send("compute_1", registration(net, "compute_1"))
    with pytest.raises(errors.NodeRegisteredAlready):
        net.send("compute_1", registration(net, "compute_1"))
    with pytest.raises(errors.NodeRegisteredAlready):
        net.send("bank", registration(net, "bank"))


@pytest.mark.parametrize("suite", ["intl", "sm"])
@pytest.mark.parametrize("field", ["engine_proof", "certificate_proof"])
def test_register_with_a_proof_for_another_member_chain_or_use_is_refused(
    suite: str, field: str
) -> None:
    net = validator_network(suite=suite)
    keys, own = NodeKeys("compute_1", suite), net.did("compute_1")
    engine = field == "engine_proof"
    public = keys.engine_public if engine else keys.certificate_public
    signer = get_suite("intl") if engine else keys.suite
    private = keys.engine if engine else keys.certificate
    wrong_use = CERTIFICATE_DOMAIN if engine else ENGINE_DOMAIN
    other_use = signer.sign(private, wrong_use, key_statement("00" * 32, own, public)).hex()
    for proof in (
        keys.proofs(net.did("compute_2"))[field],
        keys.proofs(own, chain="11" * 32)[field],
        other_use,
        "00" * 64,
    ):
        with pytest.raises(errors.KeyProofInvalid):
            net.send("compute_1", registration(net, "compute_1", **{field: proof}))
    assert get_node(net.state, own) is None


def test_register_a_certificate_key_of_the_other_suite_is_refused() -> None:
    net = validator_network(suite="sm")
    foreign = NodeKeys("compute_1", "intl").proofs(net.did("compute_1"))
    with pytest.raises(BadKey):
        net.send("compute_1", registration(net, "compute_1", **foreign))


def test_register_a_key_of_another_member_or_for_both_uses_is_refused(net: Network) -> None:
    net.send("compute_1", registration(net, "compute_1"))
    own = net.did("compute_2")
    for owner in ("compute_1", "bank"):
        with pytest.raises(errors.KeyTaken):
            net.send("compute_2", registration(net, "compute_2", **NodeKeys(owner).proofs(own)))
    keys = NodeKeys("compute_2")
    keys.certificate, keys.certificate_public = keys.engine, keys.engine_public
    with pytest.raises(errors.KeyTaken):
        net.send("compute_2", registration(net, "compute_2", **keys.proofs(own)))
    check(net)


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "no-port"},
        {"address": "host:0"},
        {"address": "a b:1"},
        {"address": "host:123456"},
        {"address": "host:65536"},
        {"address": ":1"},
        {"node_id": "ab" * 19},
        {"node_id": "AB" * 20},
        {"engine_public": "ab" * 33},
        {"name": "n" * 65},
    ],
)
def test_register_with_malformed_parts_is_refused(changes: dict[str, str]) -> None:
    net = validator_network()
    with pytest.raises(NotCanonical):
        net.send("compute_1", registration(net, "compute_1", **changes))


def test_update_moves_the_own_node_only(net: Network) -> None:
    with pytest.raises(errors.NodeNotRegistered):
        net.send("compute_1", messages.UpdateNode(node_id("x"), "[::1]:26656"))
    outcome = net.send("bank", messages.UpdateNode(node_id("x"), "[::1]:26656", "moved"))
    assert outcome.names() == ["NodeUpdated"]
    node = get_node(net.state, net.did("bank"))
    assert node is not None
    assert (node.node_id, node.address, node.name) == (node_id("x"), "[::1]:26656", "moved")
    assert node.engine_public == NodeKeys("bank").engine_public
    check(net)


def test_deregister_takes_an_observer_out_but_keeps_its_keys_from_others(net: Network) -> None:
    net.send("compute_1", registration(net, "compute_1"))
    assert net.send("compute_1", messages.DeregisterNode()).names() == ["NodeDeregistered"]
    with pytest.raises(errors.NodeNotRegistered):
        net.send("compute_1", messages.DeregisterNode())
    stolen = NodeKeys("compute_1").proofs(net.did("compute_2"))
    with pytest.raises(errors.KeyTaken):
        net.send("compute_2", registration(net, "compute_2", **stolen))
    net.send("compute_1", registration(net, "compute_1"))
    check(net)


def test_deregister_while_the_node_votes_is_refused_until_its_last_block(net: Network) -> None:
    with pytest.raises(errors.NodeVotes):
        net.send("auditor", messages.DeregisterNode())
    vote(net, "auditor", 0, "operator", "bank", "merchant")
    decided_in = net.height
    while net.height < decided_in + 1:
        with pytest.raises(errors.NodeVotes):
            net.send("auditor", messages.DeregisterNode())
    net.send("auditor", messages.DeregisterNode())
    assert net.height == decided_in + 2
    check(net)


def test_replace_keys_of_an_observer_holds_at_once(net: Network) -> None:
    net.send("compute_1", registration(net, "compute_1"))
    outcome = net.send("compute_1", replacement(net, "compute_1", engine=1))
    assert outcome.names() == ["KeysReplaced"]
    assert outcome.data("KeysReplaced")["from_height"] == 0
    node = get_node(net.state, net.did("compute_1"))
    assert node is not None
    assert node.engine_public == NodeKeys("compute_1", engine=1).engine_public
    check(net)


@pytest.mark.parametrize("suite", ["intl", "sm"])
def test_replace_keys_of_a_validator_votes_two_blocks_later(suite: str) -> None:
    net = validator_network(suite=suite)
    old = NodeKeys("bank", suite)
    outcome = net.send("bank", replacement(net, "bank", engine=1, own=1))
    assert outcome.names() == ["ValidatorSetChanged", "KeysReplaced"]
    assert outcome.data("KeysReplaced")["from_height"] == net.height + 2
    new = NodeKeys("bank", suite, engine=1, own=1)
    directory = ContractValidators()
    for height, keys in ((net.height, old), (net.height + 1, old), (net.height + 2, new)):
        (bank,) = [v for v in directory.validators(net.state, height) if v.did == net.did("bank")]
        assert (bank.engine_public, bank.certificate_public, bank.power) == (
            keys.engine_public,
            keys.certificate_public,
            1,
        )
    check(net)


def test_replace_keys_with_the_same_keys_or_without_a_node_is_refused(net: Network) -> None:
    with pytest.raises(errors.KeysUnchanged):
        net.send("bank", replacement(net, "bank"))
    with pytest.raises(errors.NodeNotRegistered):
        net.send("compute_1", replacement(net, "compute_1"))


def test_replace_keys_with_anothers_keys_or_proofs_is_refused(net: Network) -> None:
    taken = messages.ReplaceKeys(**NodeKeys("merchant").proofs(net.did("bank")))
    with pytest.raises(errors.KeyTaken):
        net.send("bank", taken)
    for_another = messages.ReplaceKeys(**NodeKeys("bank", engine=1).proofs(net.did("merchant")))
    with pytest.raises(errors.KeyProofInvalid):
        net.send("bank", for_another)
    check(net)


def test_several_changes_in_one_block_become_one_set(net: Network) -> None:
    height, when = net.height + 1, net.time_ms + 1_000
    for name in ("bank", "merchant"):
        net.height, net.time_ms = height - 1, when - 1_000
        net.send(name, replacement(net, name, engine=1))
    record = get_newest_set(net.state)
    assert record is not None
    assert (record.from_height, record.previous) == (height + 2, 0)
    changed = [
        name
        for name in ("operator", "bank", "merchant", "auditor")
        if NodeKeys(name, engine=1).engine_public in [v.engine_public for v in newest(net)]
    ]
    assert changed == ["bank", "merchant"]
    check(net)


def test_every_message_in_an_embedded_network_is_refused() -> None:
    net = Network()
    register = registration(net, "bank")
    everything = [
        register,
        messages.UpdateNode(node_id("x"), "x:1"),
        messages.DeregisterNode(),
        replacement(net, "bank"),
        messages.VoteValidator(net.did("bank"), 1),
        messages.ReportFault(net.did("bank"), 1, "equivocation"),
        messages.ProveEquivocation(net.did("bank"), "", ""),
    ]
    assert {type(message) for message in everything} == set(SPEC.handlers)
    for message in everything:
        with pytest.raises(errors.NoValidators):
            net.send("operator", message)
    assert get_set(net.state, 5) is None
    assert ContractValidators().validators(net.state, 5) == ()
    assert [key for key in net.state.data if b"validators" in key] == []
    check_sets(net.state, net.height)


@pytest.mark.parametrize(
    ("presets", "rules"),
    [
        ([preset("bank", 1), preset("bank", 2)], {}),
        ([preset("bank", 1)], {"min_validators": 2}),
        ([preset("bank", 2**52), preset("merchant", 2**52)], {}),
        ([preset("bank", 1, "sm")], {}),
    ],
)
def test_genesis_with_unsound_validators_is_refused(presets: list, rules: dict) -> None:
    with pytest.raises(HanseError) as refused:
        Network(validators=tuple(presets), rules=ValidatorParameters(**rules))
    assert refused.value.code in (
        "validators.bad_preset",
        "validators.too_much_power",
        "crypto.bad_key",
    )


def test_genesis_validators_vote_before_they_are_members() -> None:
    net = Network(names=("operator",), validators=(preset("operator", 1), preset("bank", 1)))
    assert [v.power for v in ContractValidators().validators(net.state, 1)] == [1, 1]
    with pytest.raises(MemberNotFound):
        net.send("bank", messages.VoteValidator(net.did("operator"), 2))
    initial = genesis_messages([net.member("operator")], validators=[preset("bank", 1)])
    assert initial["validators"]["validators"][0]["did"] == net.did("bank")
