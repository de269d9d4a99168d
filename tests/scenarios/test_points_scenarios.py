"""Points issued, moved, frozen; each with those who may not."""

from __future__ import annotations

import msgspec
import pytest
from contract_network import Network

from hanse.contracts.bounds import MAX_POINTS
from hanse.contracts.identity.errors import MemberNotFound, RoleRequired
from hanse.contracts.points import errors, messages
from hanse.contracts.points.contract import begin
from hanse.contracts.points.invariants import PointsBroken, check_conservation
from hanse.contracts.points.queries import get_account, get_supply
from hanse.contracts.points.types import ACCOUNTS, AccountRecord, Allocation, PointsGenesis
from hanse.contracts.system import genesis_messages
from hanse.core.errors import InputError


@pytest.fixture
def net() -> Network:
    return Network()


def balance(net: Network, name: str) -> int:
    return get_account(net.state, net.did(name)).balance_points


def check(net: Network) -> None:
    check_conservation(net.state, [net.did(name) for name in net.names], [])


def test_issue_by_regulator_grows_account_and_supply(net: Network) -> None:
    outcome = net.send("operator", messages.IssuePoints(net.did("bank"), 500, "start"))
    assert outcome.data("PointsIssued")["balance_points"] == 500
    assert (balance(net, "bank"), get_supply(net.state).issued_points) == (500, 500)
    check(net)


@pytest.mark.parametrize("actor", ["bank", "merchant", "auditor", "stranger"])
def test_issue_freeze_unfreeze_by_non_regulator_is_refused(actor: str) -> None:
    net = Network()
    did = net.did("bank")
    for message in (
        messages.IssuePoints(did, 1),
        messages.FreezeAccount(did),
        messages.UnfreezeAccount(did),
    ):
        with pytest.raises(RoleRequired):
            net.send(actor, message)


def test_issue_to_unknown_member_or_beyond_the_limit_is_refused(net: Network) -> None:
    with pytest.raises(MemberNotFound):
        net.send("operator", messages.IssuePoints(net.did("nobody"), 1))
    net.send("operator", messages.IssuePoints(net.did("bank"), MAX_POINTS))
    with pytest.raises(errors.SupplyExceeded):
        net.send("operator", messages.IssuePoints(net.did("bank"), 1))


@pytest.mark.parametrize("amount", [0, -1, MAX_POINTS + 1])
def test_issue_amount_out_of_range_is_refused(net: Network, amount: int) -> None:
    with pytest.raises(InputError):
        net.send("operator", messages.IssuePoints(net.did("bank"), amount))


def test_transfer_moves_free_points_and_tells_both_balances(net: Network) -> None:
    net.send("operator", messages.IssuePoints(net.did("bank"), 500))
    outcome = net.send("bank", messages.TransferPoints(net.did("merchant"), 120, "thanks"))
    data = outcome.data("PointsTransferred")
    assert (data["payer_balance_points"], data["to_balance_points"]) == (380, 120)
    check(net)


def test_transfer_more_than_held_to_self_or_to_nobody_is_refused(net: Network) -> None:
    net.send("operator", messages.IssuePoints(net.did("bank"), 5))
    with pytest.raises(errors.InsufficientPoints):
        net.send("bank", messages.TransferPoints(net.did("merchant"), 6))
    with pytest.raises(errors.SelfTransfer):
        net.send("bank", messages.TransferPoints(net.did("bank"), 1))
    with pytest.raises(MemberNotFound):
        net.send("bank", messages.TransferPoints(net.did("nobody"), 1))
    with pytest.raises(MemberNotFound):
        net.send(net.did("nobody"), messages.TransferPoints(net.did("bank"), 1))


def test_freeze_stops_spending_until_unfrozen(net: Network) -> None:
    bank = net.did("bank")
    net.send("operator", messages.IssuePoints(bank, 5))
    net.send("operator", messages.FreezeAccount(bank, "inquiry"))
    with pytest.raises(errors.AccountFrozenError):
        net.send("bank", messages.TransferPoints(net.did("merchant"), 1))
    with pytest.raises(errors.FreezeUnchanged):
        net.send("operator", messages.FreezeAccount(bank))
    net.send("operator", messages.IssuePoints(bank, 5))
    net.send("operator", messages.UnfreezeAccount(bank))
    net.send("bank", messages.TransferPoints(net.did("merchant"), 10))
    with pytest.raises(errors.FreezeUnchanged):
        net.send("operator", messages.UnfreezeAccount(bank))
    check(net)


def test_begin_with_allocations_issues_them(net: Network) -> None:
    allocation = Allocation(net.did("bank"), 77)
    genesis = genesis_messages([net.member("operator")], allocations=[allocation])
    assert genesis["points"] == {"allocations": [{"to": net.did("bank"), "amount_points": 77}]}
    message = msgspec.convert(genesis["points"], PointsGenesis)
    begin(net.context("points", "", [], net.state), message)
    assert (balance(net, "bank"), get_supply(net.state).issued_points) == (77, 77)
    check(net)


def test_conservation_notices_points_from_nowhere(net: Network) -> None:
    ACCOUNTS.put(net.state, AccountRecord(balance_points=1), net.did("bank"))
    with pytest.raises(PointsBroken):
        check(net)
    ACCOUNTS.put(net.state, AccountRecord(balance_points=1, held_points=-1), net.did("bank"))
    with pytest.raises(PointsBroken):
        check(net)
