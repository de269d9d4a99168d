"""Points: accounts, history and movements."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hanse.api.base import Did, Page, Request, TransactionOutcome, View
from hanse.api.operation import Operation

Amount = Annotated[int, Field(ge=1, le=2**53 - 1, description="Points to move, at least one.")]


class AccountView(View):
    """An account; ``held_points`` stand in escrow and are not part of the balance."""

    did: str
    name: str = ""
    balance_points: int
    held_points: int = 0
    frozen: bool = False


class AccountEntryView(View):
    """One movement of an account; ``amount_points`` is negative for what left it."""

    time_ms: int
    height: int
    transaction: str
    kind: str
    amount_points: int
    counterparty: str = ""
    counterparty_name: str = ""
    subject: str = ""
    memo: str = ""


class IssuePointsRequest(Request):
    """Issue by the regulator."""

    to: Did
    amount_points: Amount


class TransferPointsRequest(Request):
    """Transfer from the node's own account."""

    to: Did
    amount_points: Amount
    memo: Annotated[str, Field(max_length=200)] = ""


class FreezeAccountRequest(Request):
    """Freeze or unfreeze by the regulator."""

    account: Did
    reason: Annotated[str, Field(max_length=500)] = ""


OPERATIONS = (
    Operation("points.accounts", "GET", "/v1/points/accounts", "List accounts", Page[AccountView]),
    Operation("points.account", "GET", "/v1/points/accounts/{did}", "Show an account", AccountView),
    Operation(
        "points.history",
        "GET",
        "/v1/points/accounts/{did}/entries",
        "Movements of an account, newest first",
        Page[AccountEntryView],
    ),
    Operation(
        "points.issue",
        "POST",
        "/v1/points/issue",
        "Issue points",
        TransactionOutcome,
        IssuePointsRequest,
    ),
    Operation(
        "points.transfer",
        "POST",
        "/v1/points/transfer",
        "Transfer points",
        TransactionOutcome,
        TransferPointsRequest,
    ),
    Operation(
        "points.freeze",
        "POST",
        "/v1/points/freeze",
        "Freeze an account",
        TransactionOutcome,
        FreezeAccountRequest,
    ),
    Operation(
        "points.unfreeze",
        "POST",
        "/v1/points/unfreeze",
        "Unfreeze an account",
        TransactionOutcome,
        FreezeAccountRequest,
    ),
)
