"""The privacy contract: handlers of its messages."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.privacy import errors, events, messages, rules
from hanse.contracts.privacy.needs import NEEDS, Datasets, Members
from hanse.contracts.privacy.types import BUDGETS, BudgetRecord
from hanse.ledger.contract.contract import Context, Contract


def set_budget(ctx: Context, message: messages.SetBudget) -> None:
    """Give a dataset a budget, raise it, or lower it to no less than what was spent."""
    _require_owner(ctx, message.dataset)
    budget = BUDGETS.get(ctx.state, message.dataset) or BudgetRecord(
        dataset=message.dataset,
        owner=ctx.sender,
        state="ACTIVE",
        total_millionths=0,
        created_ms=ctx.time_ms,
    )
    entry = _put(ctx, rules.with_total(budget, message.total_millionths))
    ctx.emit(events.BudgetSet(dataset=entry.dataset, owner=ctx.sender, entry=entry))


def end_budget(ctx: Context, message: messages.EndBudget) -> None:
    """Do without a budget; what was spent stays on record for the next one."""
    _require_owner(ctx, message.dataset)
    budget = BUDGETS.require(ctx.state, errors.BudgetNotFound, message.dataset)
    if budget.state == "ENDED":
        raise errors.BudgetEnded()
    entry = _put(ctx, replace(budget, state="ENDED"))
    ctx.emit(
        events.BudgetEnded(
            dataset=entry.dataset, owner=ctx.sender, reason=message.reason, entry=entry
        )
    )


def _require_owner(ctx: Context, dataset: str) -> None:
    ctx.need(Members).require_active(ctx.sender)
    if ctx.need(Datasets).owner(dataset) != ctx.sender:
        raise errors.NotTheOwner()


def _put(ctx: Context, budget: BudgetRecord) -> BudgetRecord:
    entry = replace(budget, updated_ms=ctx.time_ms)
    BUDGETS.put(ctx.state, entry, entry.dataset)
    return entry


SPEC = Contract(
    name="privacy",
    version=1,
    handlers={messages.SetBudget: set_budget, messages.EndBudget: end_budget},
    needs=NEEDS,
    events=(events.BudgetSet, events.BudgetEnded, events.BudgetCharged),
)
