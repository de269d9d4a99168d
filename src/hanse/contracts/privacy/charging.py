"""What privacy hands to other contracts: budgets asked and charged, within one transaction."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.privacy import events, rules
from hanse.contracts.privacy.types import BUDGETS, RELEASES, ReleaseRecord
from hanse.ledger.contract.contract import Context


class Budgets:
    """The budgets of datasets. A dataset without one, or whose budget ended, allows anything.

    A release of 0 millionths is one without noise.
    """

    def __init__(self, context: Context) -> None:
        self._ctx = context

    def require(self, dataset: str, millionths: int, what: str) -> None:
        """Refuse a release the dataset's budget does not allow.

        Args:
            dataset: identifier.
            millionths: all that is to be spent.
            what: who asks, for the message.

        Raises:
            NoiseRequired, BudgetSpent.
        """
        error = rules.problem(BUDGETS.get(self._ctx.state, dataset), millionths)
        if error is not None:
            raise error(f"{what}: dataset {dataset}")

    def problem(self, dataset: str, millionths: int) -> str:
        """Error code of why a release is not allowed, or empty."""
        error = rules.problem(BUDGETS.get(self._ctx.state, dataset), millionths)
        return "" if error is None else error.code

    def charge(self, flow: str, step: str, attempt: int, dataset: str, millionths: int) -> None:
        """Spend; nothing happens for a dataset without a budget.

        Raises:
            NoiseRequired, BudgetSpent.
        """
        ctx = self._ctx
        self.require(dataset, millionths, f"step {step}")
        budget = BUDGETS.get(ctx.state, dataset)
        if budget is None or budget.state != "ACTIVE":
            return
        entry = replace(rules.charge(budget, millionths), updated_ms=ctx.time_ms)
        release = ReleaseRecord(
            flow=flow, step=step, attempt=attempt, millionths=millionths, time_ms=ctx.time_ms
        )
        BUDGETS.put(ctx.state, entry, dataset)
        RELEASES.put(ctx.state, release, dataset, entry.releases)
        ctx.emit(
            events.BudgetCharged(
                dataset=dataset,
                flow=flow,
                step=step,
                attempt=attempt,
                millionths=millionths,
                entry=entry,
            )
        )
