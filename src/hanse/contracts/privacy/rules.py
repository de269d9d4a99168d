"""Pure arithmetic of budgets; every function returns new records.

Pure epsilon-differential privacy composes by addition (Dwork and Roth 2014, theorem 3.14), so a
budget is a sum.
"""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.privacy import errors
from hanse.contracts.privacy.types import BudgetRecord


def left(budget: BudgetRecord) -> int:
    """Millionths that are not spent."""
    return budget.total_millionths - budget.spent_millionths


def with_total(budget: BudgetRecord, total_millionths: int) -> BudgetRecord:
    """The budget with another total, in force again if it was ended.

    Raises:
        BelowSpent.
    """
    if total_millionths < budget.spent_millionths:
        raise errors.BelowSpent(f"{budget.spent_millionths} millionths were spent")
    return replace(budget, state="ACTIVE", total_millionths=total_millionths)


def problem(
    budget: BudgetRecord | None, millionths: int
) -> type[errors.NoiseRequired | errors.BudgetSpent] | None:
    """Why a dataset does not allow a release; None when it does.

    Args:
        budget: of the dataset, if it ever had one.
        millionths: what the release spends; 0 for one without noise.
    """
    if budget is None or budget.state != "ACTIVE":
        return None
    if millionths == 0:
        return errors.NoiseRequired
    return errors.BudgetSpent if millionths > left(budget) else None


def charge(budget: BudgetRecord, millionths: int) -> BudgetRecord:
    """The budget after a release that `problem` has no objection to."""
    return replace(
        budget,
        spent_millionths=budget.spent_millionths + millionths,
        releases=budget.releases + 1,
    )
