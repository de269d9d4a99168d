"""Points: accounts and movements."""

from __future__ import annotations

from hanse.api.base import Page, TransactionOutcome
from hanse.api.errors import build
from hanse.api.points import (
    AccountEntryView,
    AccountView,
    FreezeAccountRequest,
    IssuePointsRequest,
    TransferPointsRequest,
)
from hanse.sdk.area import Area, page


class PointsArea(Area):
    """Accounts on the ledger."""

    def accounts(self, *, limit: int | None = None, after: str | None = None) -> Page[AccountView]:
        """One page of accounts."""
        return self._http.call("points.accounts", Page[AccountView], query=page(limit, after))

    def account(self, did: str) -> AccountView:
        """A member's account."""
        return self._http.call("points.account", AccountView, path={"did": did})

    def history(
        self, did: str, *, limit: int | None = None, after: str | None = None
    ) -> Page[AccountEntryView]:
        """One page of movements, newest first."""
        return self._http.call(
            "points.history",
            Page[AccountEntryView],
            path={"did": did},
            query=page(limit, after),
        )

    def issue(self, to: str, amount_points: int) -> TransactionOutcome:
        """Issue points (regulator)."""
        body = build(IssuePointsRequest, {"to": to, "amount_points": amount_points})
        return self._http.call("points.issue", TransactionOutcome, body=body)

    def transfer(self, to: str, amount_points: int, memo: str = "") -> TransactionOutcome:
        """Transfer points from the node's own account."""
        body = build(
            TransferPointsRequest, {"to": to, "amount_points": amount_points, "memo": memo}
        )
        return self._http.call("points.transfer", TransactionOutcome, body=body)

    def freeze(self, account: str, reason: str = "") -> TransactionOutcome:
        """Freeze an account (regulator)."""
        body = build(FreezeAccountRequest, {"account": account, "reason": reason})
        return self._http.call("points.freeze", TransactionOutcome, body=body)

    def unfreeze(self, account: str, reason: str = "") -> TransactionOutcome:
        """Unfreeze an account (regulator)."""
        body = build(FreezeAccountRequest, {"account": account, "reason": reason})
        return self._http.call("points.unfreeze", TransactionOutcome, body=body)
