"""Privacy budgets of datasets."""

from __future__ import annotations

from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.api.privacy import BudgetView, ReleaseView, SetBudgetRequest
from hanse.sdk.area import Area, page


class PrivacyArea(Area):
    """Budgets for differential privacy, and what was charged to them."""

    def list(self, *, limit: int | None = None, after: str | None = None) -> Page[BudgetView]:
        """One page of budgets, newest first."""
        return self._http.call("privacy.list", Page[BudgetView], query=page(limit, after))

    def show(self, dataset: str) -> BudgetView:
        """The budget of a dataset."""
        return self._http.call("privacy.show", BudgetView, path={"dataset": dataset})

    def releases(
        self, dataset: str, *, limit: int | None = None, after: str | None = None
    ) -> Page[ReleaseView]:
        """One page of what was charged, newest first."""
        return self._http.call(
            "privacy.releases",
            Page[ReleaseView],
            path={"dataset": dataset},
            query=page(limit, after),
        )

    def set(self, dataset: str, total_epsilon: str) -> BudgetView:
        """Set, raise or lower the budget of an own dataset; epsilon as decimal text."""
        body = build(SetBudgetRequest, {"total_epsilon": total_epsilon})
        return self._http.call("privacy.set", BudgetView, path={"dataset": dataset}, body=body)

    def end(self, dataset: str, reason: str = "") -> BudgetView:
        """Do without a budget; what was spent stays on record."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("privacy.end", BudgetView, path={"dataset": dataset}, body=body)
