"""Power voted for, faults reported, validators expelled; each with those who may not."""

from __future__ import annotations

import hashlib

import pytest
from contract_network import Network
from msgspec.structs import replace
from validator_network import (
    NodeKeys,
    accuse,
    newest,
    powers,
    registration,
    replacement,
    validator_network,
    vote,
)

from hanse.contracts.identity.errors import MemberNotFound, MemberSuspendedError
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.validators import errors, messages, rules
from hanse.contracts.validators.invariants import check_nodes, check_sets
from hanse.contracts.validators.queries import (
    ContractValidators,
    get_accusations,
    get_report,
    get_votes,
)
from hanse.core.canonical import NotCanonical
from hanse.ledger.validators import MAX_TOTAL_POWER, Validator

DAY_MS = 86_400_000
ALL = ("operator", "bank", "merchant", "auditor")


@pytest.fixture
def net() -> Network:
    network = validator_network()
    network.send("compute_1", registration(network, "compute_1"))
    return network


def check(net: Network) -> None:
    check_sets(net.state, net.height)
    check_nodes(net.state, [net.did(name) for name in net.names])


def test_vote_of_two_thirds_and_more_gives_power_two_blocks_later(net: Network) -> None:
    first, second = vote(net, "compute_1", 3, "operator", "bank")
    assert first.names() == second.names() == ["ValidatorVoted"]
    assert "compute_1" not in powers(net)
    (third,) = vote(net, "compute_1", 3, "merchant")
    assert third.names() == ["ValidatorVoted", "ValidatorSetChanged", "ValidatorDecided"]
    decided = third.data("ValidatorDecided")
    assert (decided["power"], decided["previous_power"]) == (3, 0)
    assert decided["from_height"] == net.height + 2
    before = dict.fromkeys(ALL, 1)
    assert powers(net, net.height) == powers(net, net.height + 1) == before
    assert powers(net, net.height + 2) == {**before, "compute_1": 3}
    assert powers(net, 10**6) == {**before, "compute_1": 3}
    assert get_votes(net.state, net.did("compute_1")) == []
    keys = NodeKeys("compute_1")
    (added,) = [v for v in newest(net) if v.did == net.did("compute_1")]
    assert (added.engine_public, added.certificate_public) == (
        keys.engine_public,
        keys.certificate_public,
    )
    check(net)


def test_vote_by_who_is_no_validator_or_no_active_member_is_refused(net: Network) -> None:
    for actor in ("compute_1", "stranger"):
        with pytest.raises(errors.NotAValidator):
            net.send(actor, messages.VoteValidator(net.did("compute_1"), 1))
        with pytest.raises(errors.NotAValidator):
            accuse(net, "bank", actor)
    with pytest.raises(MemberNotFound):
        net.send(net.did("nobody"), messages.VoteValidator(net.did("compute_1"), 1))
    net.send("operator", SuspendMember(net.did("bank")))
    with pytest.raises(MemberSuspendedError):
        net.send("bank", messages.VoteValidator(net.did("compute_1"), 1))
    with pytest.raises(MemberSuspendedError):
        accuse(net, "merchant", "bank")


def test_vote_for_unregistered_unknown_or_suspended_member_is_refused(net: Network) -> None:
    with pytest.raises(errors.NodeNotRegistered):
        vote(net, "compute_2", 1, "bank")
    with pytest.raises(MemberNotFound):
        net.send("bank", messages.VoteValidator(net.did("nobody"), 1))
    with pytest.raises(errors.NotAValidator):
        vote(net, "compute_1", 0, "bank")
    net.send("operator", SuspendMember(net.did("compute_1")))
    with pytest.raises(MemberSuspendedError):
        vote(net, "compute_1", 1, "bank")


@pytest.mark.parametrize("power", [-1, MAX_TOTAL_POWER + 1])
def test_vote_for_a_power_out_of_range_is_refused(net: Network, power: int) -> None:
    with pytest.raises(NotCanonical):
        vote(net, "compute_1", power, "bank")
    with pytest.raises(errors.TooMuchPower):
        vote(net, "compute_1", MAX_TOTAL_POWER - 3, "bank")
    vote(net, "compute_1", MAX_TOTAL_POWER - 4, "bank")


def test_vote_to_zero_takes_a_validator_out_and_its_votes_with_it(net: Network) -> None:
    vote(net, "compute_1", 1, "auditor", "bank")
    vote(net, "auditor", 0, "operator", "bank", "merchant")
    assert powers(net) == dict.fromkeys(("operator", "bank", "merchant"), 1)
    with pytest.raises(errors.NotAValidator):
        vote(net, "compute_1", 1, "auditor")
    vote(net, "compute_1", 1, "operator")
    assert "compute_1" not in powers(net), "2 of 3 is no quorum; the auditor's vote is void"
    vote(net, "compute_1", 1, "merchant")
    assert powers(net)["compute_1"] == 1
    check(net)


def test_vote_that_changes_replaces_the_earlier_one(net: Network) -> None:
    vote(net, "compute_1", 2, "operator", "bank")
    vote(net, "compute_1", 5, "bank")
    vote(net, "compute_1", 2, "merchant")
    assert "compute_1" not in powers(net)
    assert {v.power for v in get_votes(net.state, net.did("compute_1"))} == {2, 5}
    vote(net, "compute_1", 2, "auditor")
    assert powers(net)["compute_1"] == 2
    check(net)


def test_vote_for_the_present_power_takes_a_wish_back(net: Network) -> None:
    vote(net, "auditor", 0, "operator", "bank")
    vote(net, "auditor", 1, "bank")
    vote(net, "auditor", 0, "merchant")
    assert powers(net)["auditor"] == 1
    for outcome in vote(net, "auditor", 1, "operator", "merchant", "auditor"):
        assert outcome.names() == ["ValidatorVoted"]
    check(net)


def test_vote_that_expired_counts_no_more() -> None:
    net = validator_network(vote_lifetime_ms=60_000)
    did = net.did("auditor")
    vote(net, "auditor", 0, "operator", "bank")
    net.send("merchant", messages.VoteValidator(did, 0), after_ms=59_000)
    assert powers(net)["auditor"] == 1, "the first vote expired, the second not"
    assert [v.voter for v in get_votes(net.state, did)] == sorted(
        [net.did("bank"), net.did("merchant")]
    )
    vote(net, "auditor", 0, "operator")
    assert powers(net)["auditor"] == 1, "by now the second has expired too"
    vote(net, "auditor", 0, "bank")
    assert "auditor" not in powers(net)


def test_vote_counts_power_not_heads() -> None:
    net = validator_network({"operator": 10, "bank": 2, "merchant": 2, "auditor": 1})
    vote(net, "auditor", 0, "bank", "merchant", "auditor")
    assert powers(net)["auditor"] == 1
    vote(net, "auditor", 0, "operator")
    assert "auditor" not in powers(net)
    assert powers(net, net.height + 1)["auditor"] == 1


def test_vote_to_remove_the_last_or_fall_below_the_minimum_is_refused() -> None:
    alone = validator_network({"operator": 7})
    with pytest.raises(errors.TooFewValidators):
        vote(alone, "operator", 0, "operator")
    vote(alone, "operator", 8, "operator")
    assert powers(alone) == {"operator": 8}
    three = validator_network({"operator": 1, "bank": 1, "merchant": 1}, min_validators=3)
    with pytest.raises(errors.TooFewValidators):
        vote(three, "bank", 0, "operator")


def test_vote_of_a_lone_validator_takes_in_a_second() -> None:
    net = validator_network({"operator": 1})
    net.send("bank", registration(net, "bank"))
    vote(net, "bank", 1, "operator")
    assert powers(net) == {"operator": 1, "bank": 1}
    assert powers(net, net.height + 1) == {"operator": 1}


def test_set_larger_than_a_hundred_is_refused() -> None:
    many = [Validator(f"did:hanse:{n:032}", f"{n:064}", f"{n:064x}", 1) for n in range(100)]
    candidate = replace(many[0], did="did:hanse:new")
    with pytest.raises(errors.TooManyValidators):
        rules.with_power(many, candidate, 1)
    assert len(rules.with_power(many, replace(many[0], power=9), 1)) == 100


def test_power_given_keeps_keys_in_force_until_their_replacement_acts(net: Network) -> None:
    net.send("bank", replacement(net, "bank", engine=1))
    acts = net.height + 2
    vote(net, "bank", 5, "operator", "merchant", "auditor")
    assert powers(net, acts)["bank"] == 1
    assert powers(net)["bank"] == 5
    new = NodeKeys("bank", engine=1).engine_public
    for height in (acts, net.height + 2):
        sets = ContractValidators().validators(net.state, height)
        assert [v.engine_public for v in sets if v.did == net.did("bank")] == [new]
    check(net)


# -- reports ---------------------------------------------------------------------------------
def test_report_stands_under_its_hash_and_expels_from_a_third_on(net: Network) -> None:
    outcome = accuse(net, "auditor", "bank", evidence="abcd")
    assert outcome.names() == ["FaultReported"]
    record = get_report(net.state, net.did("auditor"), 1, "bad_extension", net.did("bank"))
    assert record is not None
    assert record.evidence == hashlib.sha256(b"\xab\xcd").hexdigest()
    assert powers(net)["auditor"] == 1
    second = accuse(net, "auditor", "merchant", kind="bad_proposal", height=2)
    assert second.names() == ["FaultReported", "ValidatorSetChanged", "ValidatorExpelled"]
    expelled = second.data("ValidatorExpelled")
    assert expelled["reporters"] == sorted([net.did("bank"), net.did("merchant")])
    assert (expelled["previous_power"], expelled["from_height"]) == (1, net.height + 2)
    assert powers(net, net.height + 1)["auditor"] == 1
    assert "auditor" not in powers(net, net.height + 2)
    assert get_accusations(net.state, net.did("auditor")) == []
    check(net)


def test_report_of_oneself_the_future_or_a_powerless_node_is_refused(net: Network) -> None:
    with pytest.raises(errors.OwnFault):
        accuse(net, "bank", "bank")
    with pytest.raises(errors.FaultInFuture):
        accuse(net, "auditor", "bank", height=net.height + 2)
    with pytest.raises(errors.NotAValidator):
        accuse(net, "compute_1", "bank")
    vote(net, "compute_1", 1, "operator", "bank", "merchant")
    with pytest.raises(errors.NotAValidator):
        accuse(net, "compute_1", "bank", height=net.height)
    accuse(net, "compute_1", "bank", height=net.height + 1)


def test_report_of_the_same_fault_twice_is_refused(net: Network) -> None:
    accuse(net, "auditor", "bank")
    with pytest.raises(errors.ReportedAlready):
        accuse(net, "auditor", "bank", evidence="ff")
    accuse(net, "auditor", "bank", height=2)
    accuse(net, "auditor", "bank", kind="equivocation")
    assert powers(net)["auditor"] == 1, "one reporter alone expels nobody"


@pytest.mark.parametrize("evidence", ["0", "AB", "00" * 8_193])
def test_report_with_malformed_or_long_evidence_is_refused(net: Network, evidence: str) -> None:
    with pytest.raises(NotCanonical):
        accuse(net, "auditor", "bank", evidence=evidence)


def test_report_by_one_with_more_than_a_third_expels_nobody() -> None:
    pair = validator_network({"operator": 1, "bank": 1})
    accuse(pair, "bank", "operator")
    accuse(pair, "operator", "bank")
    assert powers(pair) == {"operator": 1, "bank": 1}
    heavy = validator_network({"operator": 5, "bank": 1, "merchant": 1})
    accuse(heavy, "bank", "operator")
    assert powers(heavy)["bank"] == 1
    accuse(heavy, "bank", "merchant")
    assert "bank" not in powers(heavy)


def test_report_by_exactly_a_third_expels_nobody() -> None:
    net = validator_network({"operator": 1, "bank": 1, "merchant": 4})
    accuse(net, "merchant", "operator")
    accuse(net, "merchant", "bank")
    assert powers(net)["merchant"] == 4


def test_report_that_expired_counts_no_more() -> None:
    net = validator_network(vote_lifetime_ms=60_000)
    accuse(net, "auditor", "bank")
    message = messages.ReportFault(net.did("auditor"), 1, "bad_extension")
    net.send("merchant", message, after_ms=60_000)
    assert powers(net)["auditor"] == 1
    accuse(net, "auditor", "bank", height=2)
    assert "auditor" not in powers(net)


def test_report_where_rules_forbid_expulsion_stays_a_record() -> None:
    for rule in ({"expel_on_reports": False}, {"min_validators": 4}):
        net = validator_network(**rule)
        for reporter in ("operator", "bank", "merchant"):
            assert accuse(net, "auditor", reporter).names() == ["FaultReported"]
        assert powers(net) == dict.fromkeys(ALL, 1)
        assert len(get_accusations(net.state, net.did("auditor"))) == 3


def test_expelled_validator_comes_back_by_vote_only_with_a_clean_slate(net: Network) -> None:
    accuse(net, "auditor", "bank")
    accuse(net, "auditor", "merchant")
    with pytest.raises(errors.NotAValidator):
        accuse(net, "auditor", "operator")
    with pytest.raises(errors.NotAValidator):
        vote(net, "auditor", 1, "auditor")
    vote(net, "auditor", 1, "operator", "bank", "merchant")
    assert powers(net)["auditor"] == 1
    back = net.height + 2
    while net.height < back:
        net.send("bank", messages.UpdateNode("ab" * 20, "x:1"))
    accuse(net, "auditor", "operator", height=back)
    assert powers(net)["auditor"] == 1
    check(net)
