"""What a step spends of the privacy budgets of the datasets it reaches.

The lineage is found here, in the contract, from the deployed inputs: no compiler is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping

from hanse.contracts.flows import errors, rules
from hanse.contracts.flows.needs import Budgets
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.spec import FlowSpec, StepSpec
from hanse.contracts.flows.types import PinnedModel
from hanse.ledger.contract.contract import Context

EPSILON = "epsilon"
TELLING = (
    "boosted_trees",
    "chi_square",
    "coefficients",
    "scorecard",
    "secure_boost",
    "select_features",
    "woe_binning",
)
"""Operators that tell owners something exact of the others' values, whoever receives the result:
events in each bin, the gain of a split, a coefficient. A test sorts every operator."""
MAX_WHOLE, MAX_FRACTION = 5, 30
"""Digits before and after the point."""


def millionths_of(step: StepSpec) -> int:
    """Epsilon of a step in millionths, rounded up; 0 when it has none.

    Raises:
        BadEpsilon: when it is no decimal number below 100,000.
    """
    given = step.parameters.get(EPSILON, 0)
    text = str(given) if type(given) in (str, int) else ""
    whole, point, fraction = text.partition(".")
    if not _is_number(whole, MAX_WHOLE) or (point and not _is_number(fraction, MAX_FRACTION)):
        raise errors.BadEpsilon(f"step {step.id}")
    rest = 1 if fraction[6:].strip("0") else 0
    return int(whole) * 1_000_000 + int(fraction[:6].ljust(6, "0")) + rest


def _is_number(digits: str, most: int) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= most


def charges(
    spec: FlowSpec, plan: rules.Plan, step: StepSpec, models: Mapping[str, PinnedModel]
) -> dict[str, int]:
    """Dataset → millionths one attempt of the step spends; 0 for a release without noise.

    A dataset that enters by several data uses is charged for each: a row of it may be in as many
    rows of the result. A step without noise releases what others than the owner learn. The
    datasets a model descends from count as if they entered here.

    Args:
        models: pinned, by name.
    """
    millionths = millionths_of(step)
    aliases = [*step.receivers, *(step.owners if step.operator in TELLING else [])]
    learners = [spec.parties[alias] for alias in aliases]
    uses = [spec.data[name] for name in plan.lineage[step.id]]
    entering = [(use.dataset, spec.parties[use.owner]) for use in uses]
    for name in plan.models[step.id]:
        entering += [(dataset, of.owner) for dataset, of in models[name].datasets.items()]
    found: dict[str, int] = {}
    for dataset, owner in entering:
        if millionths or any(did != owner for did in learners):
            found[dataset] = found.get(dataset, 0) + millionths
    return found


def require_budgets(
    ctx: Context, spec: FlowSpec, plan: rules.Plan, models: Mapping[str, PinnedModel]
) -> None:
    """Refuse a flow when a budget cannot pay for one attempt of each of its steps.

    Raises:
        NoiseRequired, BudgetSpent: of the privacy contract, naming step and dataset.
        BadEpsilon.
    """
    by_id = {step.id: step for step in spec.steps}
    planned: dict[str, int] = {}
    for step_id in plan.order:
        for dataset, millionths in charges(spec, plan, by_id[step_id], models).items():
            planned[dataset] = planned.get(dataset, 0) + millionths
            due = planned[dataset] if millionths else 0
            ctx.need(Budgets).require(dataset, due, f"step {step_id}")


def charge_attempt(run: Run, step: str, attempt: int) -> str:
    """Charge an attempt that starts; the error code when a budget does not allow it.

    All datasets are asked before any is charged.
    """
    budgets = run.ctx.need(Budgets)
    spec = run.deployed.spec
    due = charges(spec, rules.make_plan(spec), run.spec_of(step), run.deployed.models)
    for dataset, millionths in due.items():
        code = budgets.problem(dataset, millionths)
        if code:
            return code
    for dataset, millionths in due.items():
        budgets.charge(run.id, step, attempt, dataset, millionths)
    return ""
