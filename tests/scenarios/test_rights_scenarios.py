"""Grants negotiated, refused, revoked; the three rights; each with those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import START_MS, Network
from contract_story import DAY_MS, OPERATORS, PRICE, ask, finish, get_final_grant, publish

from hanse.contracts.catalogue.errors import DatasetNotFound, DatasetWithdrawnError
from hanse.contracts.catalogue.messages import WithdrawDataset
from hanse.contracts.identity.errors import MemberNotFound, RoleRequired
from hanse.contracts.rights import errors, messages, rules
from hanse.contracts.rights.invariants import RightsBroken, check_grant
from hanse.contracts.rights.queries import (
    get_grant,
    get_rights,
    get_standing,
    get_use,
    grants_of_flow,
)
from hanse.contracts.rights.types import GRANTS, GrantRecord
from hanse.core.canonical import NotCanonical


@pytest.fixture
def net() -> Network:
    return Network()


@pytest.fixture
def dataset(net: Network) -> str:
    return publish(net)


def load(net: Network, grant: str) -> GrantRecord:
    record = get_grant(net.state, grant)
    assert record is not None
    return record


def test_request_agree_verify_makes_a_final_grant(net: Network, dataset: str) -> None:
    grant = ask(net, dataset)
    record = load(net, grant)
    assert (record.state, record.terms.price_points) == ("REQUESTED", PRICE)
    net.send("merchant", messages.AgreeGrant(grant))
    assert load(net, grant).state == "AGREED"
    outcome = net.send("bank", messages.VerifyGrant(grant))
    assert outcome.names() == ["GrantVerified", "GrantFinalized"]
    record = load(net, grant)
    assert (record.state, record.standing) == ("FINALIZED", "ACTIVE")
    check_grant(net.state, grant, [])


def test_offer_changes_terms_and_needs_acceptance(net: Network, dataset: str) -> None:
    grant = ask(net, dataset)
    offer = messages.OfferGrant(grant=grant, fields=["id"], uses=3, price_points=250)
    net.send("merchant", offer)
    record = load(net, grant)
    assert record.state == "OFFERED"
    assert (record.terms.fields, record.terms.uses, record.terms.price_points) == (["id"], 3, 250)
    assert record.terms.operators == OPERATORS
    with pytest.raises(errors.WrongGrantState):
        net.send("merchant", messages.AgreeGrant(grant))
    with pytest.raises(errors.WrongGrantState):
        net.send("merchant", offer)
    net.send("bank", messages.AcceptOffer(grant))
    finish(net, grant)
    assert load(net, grant).state == "FINALIZED"


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": ["nothing"]},
        {"operators": ["gradient_boosting"]},
        {"purpose": "marketing"},
        {"not_after_ms": START_MS},
    ],
)
def test_offer_outside_the_datasets_rules_is_refused(changes: dict[str, Any]) -> None:
    net = Network()
    grant = ask(net, publish(net))
    with pytest.raises((errors.UnknownField, errors.NotAllowedByOwner, errors.GrantExpired)):
        net.send("merchant", messages.OfferGrant(grant=grant, **changes))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"fields": ["id", "salary"]}, errors.UnknownField),
        ({"fields": ["id", "id"]}, errors.DuplicateTerm),
        ({"operators": ["align", "align"]}, errors.DuplicateTerm),
        ({"operators": ["intersect"]}, errors.NotAllowedByOwner),
        ({"purpose": "marketing"}, errors.NotAllowedByOwner),
        ({"not_after_ms": START_MS}, errors.GrantExpired),
        ({"receivers": ["did:hanse:" + "a" * 32]}, MemberNotFound),
        ({"uses": 0}, NotCanonical),
        ({"uses": 1_000_001}, NotCanonical),
        ({"fields": []}, NotCanonical),
        ({"fields": ["x" * 201]}, NotCanonical),
    ],
)
def test_request_beyond_the_datasets_rules_is_refused(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    net = Network()
    dataset = publish(net)
    with pytest.raises(error):
        ask(net, dataset, **changes)


def test_request_of_any_operator_and_purpose_is_possible_when_the_owner_says_so(
    net: Network,
) -> None:
    dataset = publish(net, operators=["*"], purposes=["*"])
    assert ask(net, dataset, operators=["intersect"], purpose="marketing")


def test_request_of_own_unknown_or_withdrawn_dataset_is_refused(net: Network, dataset: str) -> None:
    own = publish(net, "bank")
    with pytest.raises(errors.OwnDataset):
        ask(net, own)
    with pytest.raises(DatasetNotFound):
        ask(net, "ds-" + "a" * 26)
    net.send("merchant", WithdrawDataset(dataset))
    with pytest.raises(DatasetWithdrawnError):
        ask(net, dataset)


@pytest.mark.parametrize("actor", ["auditor", "compute_1", "operator"])
def test_request_by_non_consumer_is_refused(actor: str) -> None:
    net = Network()
    dataset = publish(net)
    with pytest.raises(RoleRequired):
        ask(net, dataset, actor)


@pytest.mark.parametrize("actor", ["bank", "operator", "stranger", "auditor"])
def test_agree_offer_revoke_by_non_owner_is_refused(actor: str) -> None:
    net = Network()
    grant = ask(net, publish(net))
    for message in (
        messages.AgreeGrant(grant),
        messages.OfferGrant(grant=grant, uses=2),
        messages.RevokeGrant(grant),
    ):
        with pytest.raises(errors.GrantNotYours):
            net.send(actor, message)


@pytest.mark.parametrize("actor", ["merchant", "operator", "stranger", "auditor"])
def test_accept_verify_by_non_consumer_is_refused(actor: str) -> None:
    net = Network()
    grant = ask(net, publish(net))
    for message in (messages.AcceptOffer(grant), messages.VerifyGrant(grant)):
        with pytest.raises(errors.GrantNotYours):
            net.send(actor, message)


@pytest.mark.parametrize("actor", ["operator", "stranger", "auditor"])
def test_terminate_by_outsider_is_refused(actor: str) -> None:
    net = Network()
    grant = ask(net, publish(net))
    with pytest.raises(errors.GrantNotYours):
        net.send(actor, messages.TerminateGrant(grant))


@pytest.mark.parametrize("actor", ["merchant", "bank"])
def test_terminate_by_either_side_ends_the_negotiation(actor: str) -> None:
    net = Network()
    grant = ask(net, publish(net))
    net.send(actor, messages.TerminateGrant(grant, "no agreement"))
    record = load(net, grant)
    assert (record.state, record.reason, record.standing) == ("TERMINATED", "no agreement", "")
    with pytest.raises(errors.GrantFinal):
        net.send("merchant", messages.AgreeGrant(grant))
    with pytest.raises(errors.GrantNotFinal):
        net.send("merchant", messages.RevokeGrant(grant))


def test_offer_may_name_receivers_who_are_members(net: Network, dataset: str) -> None:
    grant = ask(net, dataset)
    with pytest.raises(MemberNotFound):
        unknown = ["did:hanse:" + "a" * 32]
        net.send("merchant", messages.OfferGrant(grant=grant, receivers=unknown))
    auditor = [net.did("auditor")]
    net.send("merchant", messages.OfferGrant(grant=grant, receivers=auditor))
    assert load(net, grant).terms.receivers == auditor


def test_terminate_final_or_unknown_grant_is_refused(net: Network, dataset: str) -> None:
    grant = get_final_grant(net, dataset)
    with pytest.raises(errors.GrantFinal):
        net.send("bank", messages.TerminateGrant(grant))
    with pytest.raises(errors.GrantNotFound):
        net.send("bank", messages.TerminateGrant("gr-" + "a" * 26))


def test_revoke_final_grant_once(net: Network, dataset: str) -> None:
    grant = get_final_grant(net, dataset)
    net.send("merchant", messages.RevokeGrant(grant, "breach"))
    assert load(net, grant).standing == "REVOKED"
    with pytest.raises(errors.GrantRevokedError):
        net.send("merchant", messages.RevokeGrant(grant))


def test_agree_after_the_period_or_withdrawal_is_refused(net: Network, dataset: str) -> None:
    short = ask(net, dataset, not_after_ms=START_MS + DAY_MS)
    long = ask(net, dataset)
    net.time_ms += 2 * DAY_MS
    with pytest.raises(errors.GrantExpired):
        net.send("merchant", messages.AgreeGrant(short))
    net.send("merchant", WithdrawDataset(dataset))
    with pytest.raises(DatasetWithdrawnError):
        net.send("merchant", messages.AgreeGrant(long))


def test_standing_expires_with_block_time(net: Network, dataset: str) -> None:
    grant = get_final_grant(net, dataset)
    end = load(net, grant).terms.not_after_ms
    assert get_standing(net.state, grant, end) == "ACTIVE"
    assert get_standing(net.state, grant, end + 1) == "EXPIRED"
    assert get_standing(net.state, "gr-" + "a" * 26, end) == ""
    assert get_standing(net.state, ask(net, dataset), end) == ""
    assert get_use(net.state, grant, "fl-x") is None
    assert grants_of_flow(net.state, "fl-x") == []


# -- the three rights ------------------------------------------------------------------------
def test_first_request_registers_all_rights_for_the_owner(net: Network, dataset: str) -> None:
    assert get_rights(net.state, dataset) is None
    ask(net, dataset)
    rights = get_rights(net.state, dataset)
    assert rights is not None
    owner = net.did("merchant")
    assert (rights.holding, rights.processing, rights.operation) == (owner, owner, owner)


def test_register_rights_by_owner_once(net: Network, dataset: str) -> None:
    assert net.send("merchant", messages.RegisterRights(dataset)).names() == ["RightsRegistered"]
    with pytest.raises(errors.RightsExist):
        net.send("merchant", messages.RegisterRights(dataset))
    for actor in ("bank", "operator"):
        with pytest.raises(errors.NotYourDataset):
            net.send(actor, messages.RegisterRights(dataset))


def test_transfer_processing_right_moves_the_power_to_grant(net: Network, dataset: str) -> None:
    earlier = ask(net, dataset)
    stranger = net.did("stranger")
    net.send("merchant", messages.TransferRight(dataset, "processing", stranger))
    with pytest.raises(errors.RightNotHeld):
        net.send("merchant", messages.AgreeGrant(earlier))
    later = ask(net, dataset)
    assert load(net, later).owner == stranger
    finish(net, later, owner="stranger")
    assert load(net, later).state == "FINALIZED"


@pytest.mark.parametrize("right", ["holding", "operation"])
def test_transfer_other_rights_keeps_the_power_to_grant(right: Any) -> None:
    net = Network()
    dataset = publish(net)
    net.send("merchant", messages.TransferRight(dataset, right, net.did("stranger")))
    rights = get_rights(net.state, dataset)
    assert rights is not None
    assert getattr(rights, right) == net.did("stranger")
    assert rights.processing == net.did("merchant")


def test_transfer_by_non_holder_to_self_or_to_nobody_is_refused(net: Network, dataset: str) -> None:
    for actor in ("bank", "operator", "stranger"):
        with pytest.raises(errors.RightNotHeld):
            net.send(actor, messages.TransferRight(dataset, "holding", net.did("bank")))
    with pytest.raises(errors.RightToSelf):
        net.send("merchant", messages.TransferRight(dataset, "holding", net.did("merchant")))
    with pytest.raises(MemberNotFound):
        net.send("merchant", messages.TransferRight(dataset, "holding", net.did("nobody")))


def test_check_grant_notices_counters_that_lie(net: Network, dataset: str) -> None:
    grant = get_final_grant(net, dataset)
    held = rules.reserve(load(net, grant))
    GRANTS.put(net.state, held, grant)
    with pytest.raises(RightsBroken):
        check_grant(net.state, grant, ["fl-x"])
    GRANTS.put(net.state, rules.consume(rules.consume(held)), grant)
    with pytest.raises(RightsBroken):
        check_grant(net.state, grant, [])
