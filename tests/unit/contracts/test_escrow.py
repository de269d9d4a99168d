"""Escrow: points leave once, to payees or back."""

from __future__ import annotations

import pytest
from contract_network import Network

from hanse.contracts.points import errors
from hanse.contracts.points.escrow import Escrow
from hanse.contracts.points.invariants import check_conservation
from hanse.contracts.points.messages import IssuePoints
from hanse.contracts.points.queries import get_account, get_escrow


@pytest.fixture
def net() -> Network:
    net = Network()
    net.send("operator", IssuePoints(net.did("bank"), 100))
    return net


def escrow_of(net: Network, sender: str = "bank") -> Escrow:
    return Escrow(net.context("points", net.did(sender), [], net.state))


def check(net: Network) -> None:
    check_conservation(net.state, [net.did(name) for name in net.names], ["e/1", "e/2"])


def test_hold_pay_and_refund_move_every_point_once(net: Network) -> None:
    escrow = escrow_of(net)
    escrow.hold("e/1", net.did("bank"), 60)
    check(net)
    escrow.pay("e/1", net.did("merchant"), 40)
    check(net)
    assert escrow.refund("e/1") == 20
    check(net)
    account = get_account(net.state, net.did("bank"))
    assert (account.balance_points, account.held_points) == (60, 0)
    record = get_escrow(net.state, "e/1")
    assert record is not None
    assert (record.state, record.paid_points, record.refunded_points) == ("REFUNDED", 40, 20)


def test_closed_escrow_neither_pays_nor_refunds_again(net: Network) -> None:
    escrow = escrow_of(net)
    escrow.hold("e/1", net.did("bank"), 60)
    escrow.refund("e/1")
    with pytest.raises(errors.EscrowClosed):
        escrow.pay("e/1", net.did("merchant"), 1)
    with pytest.raises(errors.EscrowClosed):
        escrow.refund("e/1")
    with pytest.raises(errors.EscrowExists):
        escrow.hold("e/1", net.did("bank"), 1)


def test_escrow_never_pays_more_than_it_holds(net: Network) -> None:
    escrow = escrow_of(net)
    escrow.hold("e/1", net.did("bank"), 60)
    escrow.pay("e/1", net.did("merchant"), 60)
    with pytest.raises(errors.EscrowOverdrawn):
        escrow.pay("e/1", net.did("merchant"), 1)
    with pytest.raises(errors.EscrowNotFound):
        escrow.pay("e/2", net.did("merchant"), 1)
    check(net)


def test_hold_takes_the_senders_own_free_points_only(net: Network) -> None:
    with pytest.raises(errors.NotThePayer):
        escrow_of(net, "merchant").hold("e/1", net.did("bank"), 1)
    with pytest.raises(errors.InsufficientPoints):
        escrow_of(net).hold("e/1", net.did("bank"), 101)


def test_payer_may_be_payee(net: Network) -> None:
    escrow = escrow_of(net)
    escrow.hold("e/1", net.did("bank"), 60)
    escrow.pay("e/1", net.did("bank"), 60)
    escrow.refund("e/1")
    check(net)
    assert get_account(net.state, net.did("bank")).balance_points == 100
