"""What a flow would spend of privacy budgets, found before it is deployed as the contract will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hanse.api.flows import PlannedBudgetView
from hanse.contracts.flows.budgets import charges
from hanse.contracts.flows.models import find
from hanse.contracts.flows.rules import make_plan
from hanse.contracts.flows.spec import FlowSpec
from hanse.contracts.flows.types import PinnedModel
from hanse.contracts.privacy import rules
from hanse.contracts.privacy.queries import get_budget
from hanse.contracts.privacy.types import BudgetRecord
from hanse.ledger.contract.state import StateReader
from hanse.node.views.queries.privacy import epsilon_of


class PlannedBudgets(NamedTuple):
    """Charges of a flow.

    Attributes:
        steps: step → dataset with a budget → epsilon of one attempt.
        budgets: one for each dataset with a budget that a step reaches.
    """

    steps: dict[str, dict[str, str]]
    budgets: list[PlannedBudgetView]


def plan_budgets(state: StateReader, spec: FlowSpec, known: Mapping[str, str]) -> PlannedBudgets:
    """What the flow's steps would be charged.

    Args:
        state: of the ledger.
        spec: as compiled.
        known: display name by DID.

    Raises:
        BadEpsilon: a step's epsilon is no decimal number.
    """
    plan = make_plan(spec)
    models = {
        name: find(state, use.flow, use.step, use.output) for name, use in spec.models.items()
    }
    budgets = _active(state, spec, models)
    due = {
        step.id: {d: m for d, m in charges(spec, plan, step, models).items() if d in budgets}
        for step in spec.steps
    }
    views = [_planned(budgets[dataset], spec, due, known) for dataset in sorted(budgets)]
    texts = {
        step: {dataset: epsilon_of(millionths) for dataset, millionths in each.items()}
        for step, each in due.items()
    }
    return PlannedBudgets(texts, [view for view in views if view is not None])


def _active(
    state: StateReader, spec: FlowSpec, models: Mapping[str, PinnedModel]
) -> dict[str, BudgetRecord]:
    names = [use.dataset for use in spec.data.values()]
    names += [dataset for model in models.values() for dataset in model.datasets]
    found = {name: get_budget(state, name) for name in dict.fromkeys(names)}
    return {name: one for name, one in found.items() if one is not None and one.state == "ACTIVE"}


def _planned(
    budget: BudgetRecord,
    spec: FlowSpec,
    due: Mapping[str, Mapping[str, int]],
    known: Mapping[str, str],
) -> PlannedBudgetView | None:
    attempts = {step.id: step.max_attempts for step in spec.steps}
    each = {step: of[budget.dataset] for step, of in due.items() if budget.dataset in of}
    if not each:
        return None
    total = sum(each.values())
    # A release without noise is refused whatever is left.
    problem = rules.problem(budget, 0 if 0 in each.values() else total)
    return PlannedBudgetView(
        dataset=budget.dataset,
        owner=budget.owner,
        owner_name=known.get(budget.owner, ""),
        charge_epsilon=epsilon_of(total),
        most_epsilon=epsilon_of(sum(attempts[step] * spent for step, spent in each.items())),
        left_epsilon=epsilon_of(rules.left(budget)),
        problem=problem.code if problem else "",
    )
