"""Models of earlier flows in a later one: found, pinned, held to what made them, counted.

Each part stays with its holder, so the holders take part again; what the model descends from is
used again, so its grants are asked for one more use, and levels and budgets carry over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hanse.contracts.flows import errors, rules
from hanse.contracts.flows.needs import Evidence, Grants, Retirements
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.spec import FlowSpec, ModelUse, StepSpec
from hanse.contracts.flows.types import (
    FLOWS,
    SCORES,
    SPECS,
    STEPS,
    ModelDataset,
    PinnedModel,
    ScoresRecord,
    SpecRecord,
)
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader

Outputs = Callable[[str, str, int, str], list[str]]
"""Names of the outputs on record, by flow, step, attempt and party."""
READERS = ("predict",)
"""Operators that read models of earlier flows."""
LIMIT = "maximum_rows"
"""Their parameter for the most scores they open; every party's worker holds to it."""


def find(state: StateReader, flow: str, step: str, output: str) -> PinnedModel:
    """What stands on the ledger of a model.

    Only of a flow that has completed: one that may still be run again may make another.

    Raises:
        ModelNotFound: there is no such flow or step, or the flow has not completed.
    """
    record, deployed = FLOWS.get(state, flow), SPECS.get(state, flow)
    if record is None or deployed is None or record.state != "COMPLETED":
        raise errors.ModelNotFound(f"{flow} is no flow that has completed")
    made = next((one for one in deployed.spec.steps if one.id == step), None)
    stands = STEPS.get(state, flow, step)
    if made is None or stands is None:
        raise errors.ModelNotFound(f"{flow} has no step {step!r}")
    parties = deployed.spec.parties
    return PinnedModel(
        flow=flow,
        step=step,
        output=output,
        attempt=stands.attempt,
        operator=made.operator,
        operator_version=made.operator_version,
        owners=sorted(parties[alias] for alias in made.owners),
        computes=[parties[alias] for alias in sorted(made.computes)],
        protocol=made.protocol,
        level=deployed.levels[step],
        datasets=descent(deployed, step),
    )


def descent(deployed: SpecRecord, step: str) -> dict[str, ModelDataset]:
    """Datasets a step descends from, also through models of flows before."""
    spec, plan = deployed.spec, rules.make_plan(deployed.spec)
    found: dict[str, ModelDataset] = {}
    for name in plan.lineage[step]:
        use = spec.data[name]
        of = ModelDataset(spec.parties[use.owner], list(use.fields), use.grant)
        _add(found, use.dataset, of)
    for name in plan.models[step]:
        grants = spec.models[name].grants
        for dataset, of in deployed.models[name].datasets.items():
            _add(found, dataset, ModelDataset(of.owner, of.fields, grants.get(dataset, "")))
    return found


def _add(found: dict[str, ModelDataset], dataset: str, of: ModelDataset) -> None:
    known = found.get(dataset, of)
    fields = list(dict.fromkeys([*known.fields, *of.fields]))
    found[dataset] = ModelDataset(of.owner, fields, known.grant or of.grant)


def pin_all(ctx: Context, spec: FlowSpec) -> dict[str, PinnedModel]:
    """Every model of a flow, seen to be there and read as it may be.

    Raises:
        ModelNotFound, ModelNotReadable, ModelHolderMissing, ModelHeldOtherwise, ScoresNotLimited.
    """
    pinned = {}
    for name, use in spec.models.items():
        model = find(ctx.state, use.flow, use.step, use.output)
        require_recorded(model, ctx.need(Evidence).outputs)
        require_readers(spec, name, model)
        pinned[name] = model
    return pinned


def require_recorded(model: PinnedModel, outputs: Outputs) -> None:
    """Refuse a model that not every holder has put on record.

    Raises:
        ModelNotFound: naming the holder.
    """
    for did in [*model.owners, *model.computes]:
        if model.output not in outputs(model.flow, model.step, model.attempt, did):
            raise errors.ModelNotFound(
                f"{did} has put no {model.output!r} of {model.step} on record"
            )


def readers(spec: FlowSpec, name: str) -> list[StepSpec]:
    """Steps that read a model themselves."""
    return [step for step in spec.steps if name in step.inputs.values()]


def require_readers(spec: FlowSpec, name: str, model: PinnedModel) -> None:
    """Refuse a step that reads a model otherwise than with those who hold it.

    Raises:
        ModelNotReadable, ModelHolderMissing, ModelHeldOtherwise, ScoresNotLimited.
    """
    for step in readers(spec, name):
        if step.operator not in READERS:
            raise errors.ModelNotReadable(f"step {step.id}: {step.operator} reads {name!r}")
        _require_holders(spec, step, name, model)
        limit_of(step)


def _require_holders(spec: FlowSpec, step: StepSpec, name: str, model: PinnedModel) -> None:
    owners = sorted(spec.parties[alias] for alias in step.owners)
    computes = [spec.parties[alias] for alias in sorted(step.computes)]
    where = f"step {step.id}, model {name!r}"
    for role, wanted, given in (
        ("owner", model.owners, owners),
        ("computing node", model.computes, computes),
    ):
        missing = [did for did in wanted if did not in given]
        if missing:
            raise errors.ModelHolderMissing(f"{where}: {role} {missing[0]} holds a part of it")
        if wanted != given:
            others = [did for did in given if did not in wanted]
            found = f"{others[0]} holds no part as {role}" if others else "aliases sort otherwise"
            raise errors.ModelHeldOtherwise(f"{where}: {found}")
    if step.protocol != model.protocol:
        raise errors.ModelHeldOtherwise(f"{where}: it is held under {model.protocol}")


def limit_of(step: StepSpec) -> int:
    """How many scores a step that reads a model of an earlier flow opens at most.

    Raises:
        ScoresNotLimited: it does not say.
    """
    limit = step.parameters.get(LIMIT, 0)
    if type(limit) is not int or limit < 1:
        raise errors.ScoresNotLimited(f"step {step.id} has no {LIMIT}")
    return limit


def allowed_scores(spec: FlowSpec, name: str) -> dict[str, int]:
    """How many scores of a model a flow opens at most, by alias of the receiver."""
    found: dict[str, int] = {}
    for step in readers(spec, name):
        for alias in step.receivers:
            found[alias] = found.get(alias, 0) + limit_of(step)
    return found


def require_in_use(ctx: Context, models: Mapping[str, PinnedModel]) -> None:
    """Refuse models that were retired; the error is the services contract's."""
    for model in models.values():
        ctx.need(Retirements).require_in_use(model.flow, model.step, model.output)


def reserve(
    ctx: Context, flow: str, spec: FlowSpec, plan: rules.Plan, models: Mapping[str, PinnedModel]
) -> None:
    """Hold one use of a grant of every dataset the models descend from.

    Raises:
        ModelGrantMissing, GrantForOwnData, and the refusals of the rights contract.
    """
    for name, model in models.items():
        use = spec.models[name]
        require_grants(use, model, ctx.sender)
        for dataset, of in model.datasets.items():
            if of.owner != ctx.sender:
                ctx.need(Grants).reserve(
                    use.grants[dataset],
                    consumer=ctx.sender,
                    dataset=dataset,
                    fields=of.fields,
                    purpose=spec.purpose,
                    operators=rules.operators_on(spec, plan, name),
                    receivers=rules.learners_of(spec, plan, name, of.owner),
                    flow=flow,
                )


def require_grants(use: ModelUse, model: PinnedModel, initiator: str) -> None:
    """Refuse a model use that names a grant too few or too many.

    Raises:
        ModelGrantMissing, GrantForOwnData.
    """
    foreign = [name for name, of in model.datasets.items() if of.owner != initiator]
    for dataset in foreign:
        if dataset not in use.grants:
            raise errors.ModelGrantMissing(f"the model descends from {dataset}")
    for dataset in use.grants:
        if dataset not in foreign:
            raise errors.GrantForOwnData(f"the model needs no grant of {dataset}")


def count_scores(run: Run) -> None:
    """Add what a flow may open to what was opened of its models; once, as its uses are spent.

    Attempts of one flow score the same rows.
    """
    spec, state = run.deployed.spec, run.ctx.state
    for name, model in run.deployed.models.items():
        for alias, scores in allowed_scores(spec, name).items():
            place = (model.flow, model.step, model.output, spec.parties[alias])
            known = SCORES.get(state, *place)
            total = scores + (known.scores if known else 0)
            SCORES.put(state, ScoresRecord(scores=total), *place)
