"""Handler: deployment. Everything is checked, reserved and escrowed before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hanse.contracts.flows import errors, events, messages, models, progress, rules
from hanse.contracts.flows.budgets import require_budgets
from hanse.contracts.flows.needs import Algorithms, DatasetFacts, Datasets, Escrow, Grants, Members
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.spec import DataUse, FlowSpec
from hanse.contracts.flows.types import (
    PARAMETERS,
    SPECS,
    FlowParameters,
    FlowRecord,
    Payment,
    PinnedData,
    PinnedModel,
    SpecRecord,
)
from hanse.contracts.plain import duplicates
from hanse.ledger.contract.contract import Context


class FlowRef(msgspec.Struct, frozen=True):
    """Result of deploying a flow."""

    flow: str


def begin(ctx: Context, genesis: FlowParameters) -> None:
    """Fix the governed parameters."""
    PARAMETERS.put(ctx.state, genesis)


def deploy(ctx: Context, message: messages.DeployFlow) -> FlowRef:
    """Deploy a flow; the sender initiates, consumes its grants and pays for it."""
    ctx.need(Members).require_active(ctx.sender)
    spec = message.spec
    plan = rules.require_sound(spec, ctx.sender)
    data = {name: _pin(ctx, spec, use) for name, use in spec.data.items()}
    _require_members(ctx, spec)
    pinned = models.pin_all(ctx, spec)
    own = {name: one.level for name, one in data.items()}
    levels = rules.step_levels(plan, own | {name: one.level for name, one in pinned.items()})
    rules.require_protocols(spec, levels, PARAMETERS.get(ctx.state) or rules.DEFAULT_PARAMETERS)
    _require_algorithms(ctx, spec, levels)
    flow = ctx.new_id("fl")
    _reserve(ctx, flow, spec, plan, pinned)
    payments = _payments(ctx, spec)
    deployed = SpecRecord(spec=spec, data=data, payments=payments, levels=levels, models=pinned)
    run = _record(ctx, flow, deployed)
    ctx.need(Escrow).hold(run.escrow, ctx.sender, run.flow.price_points)
    ctx.emit(
        events.FlowDeployed(
            flow=flow,
            initiator=ctx.sender,
            spec=spec,
            price_points=run.flow.price_points,
            payments=payments,
        )
    )
    progress.request_ready(run)
    return FlowRef(flow)


def reserve_again(run: Run) -> None:
    """Hold uses and points for another round of a flow that failed.

    Uses it consumed stay consumed and are shared; uses it freed are held anew.
    """
    spec = run.deployed.spec
    _reserve(run.ctx, run.id, spec, rules.make_plan(spec), run.deployed.models)
    run.ctx.need(Escrow).hold(run.escrow, run.ctx.sender, run.flow.price_points)


def _require_members(ctx: Context, spec: FlowSpec) -> None:
    members = ctx.need(Members)
    for did in spec.parties.values():
        members.require_active(did)
    entitled = [spec.parties[use.owner] for use in spec.data.values()]
    for step in spec.steps:
        dids = [spec.parties[alias] for alias in step.computes]
        for did in dids:
            known = did == ctx.sender or did in entitled
            if not known and not members.has_role(did, "compute_provider"):
                raise errors.NotAComputeProvider(f"step {step.id}: {did}")
        rules.require_controllers(step, [members.controller(did) for did in dids])


def _pin(ctx: Context, spec: FlowSpec, use: DataUse) -> PinnedData:
    facts = ctx.need(Datasets).published(use.dataset)
    owner = spec.parties[use.owner]
    if facts.owner != owner:
        raise errors.WrongOwner()
    _require_fields(use, facts)
    if owner == ctx.sender and use.grant:
        raise errors.GrantForOwnData()
    if owner != ctx.sender and not use.grant:
        raise errors.GrantMissing(f"dataset {use.dataset} is {use.owner!r}'s")
    return PinnedData(
        dataset=use.dataset,
        owner=owner,
        commitment=facts.commitment,
        level=facts.level,
        revision=facts.revision,
    )


def _require_fields(use: DataUse, facts: DatasetFacts) -> None:
    unknown = [name for name in use.fields if name not in facts.fields]
    if unknown or duplicates(use.fields):
        name = [*unknown, *duplicates(use.fields)][0]
        raise errors.UnknownField(f"field {name[:60]!r} of {use.dataset}")


def _require_algorithms(ctx: Context, spec: FlowSpec, levels: Mapping[str, int]) -> None:
    """Every party of a step that runs a member's algorithm has approved it."""
    for step in spec.steps:
        if step.operator in rules.OWN_ALGORITHMS:
            dids = [spec.parties[alias] for alias in rules.participants(step)]
            ctx.need(Algorithms).require_usable(*rules.algorithm_of(step), dids, levels[step.id])


def _reserve(
    ctx: Context,
    flow: str,
    spec: FlowSpec,
    plan: rules.Plan,
    pinned: Mapping[str, PinnedModel],
) -> None:
    """Hold one use of every grant. Data uses under one grant share it.

    Privacy budgets are only asked: they are charged as attempts start.
    """
    models.require_in_use(ctx, pinned)
    require_budgets(ctx, spec, plan, pinned)
    models.reserve(ctx, flow, spec, plan, pinned)
    grants = ctx.need(Grants)
    for name, use in spec.data.items():
        if use.grant:
            grants.reserve(
                use.grant,
                consumer=ctx.sender,
                dataset=use.dataset,
                fields=use.fields,
                purpose=spec.purpose,
                operators=rules.operators_on(spec, plan, name),
                receivers=rules.receivers_of(spec, plan, name),
                flow=flow,
            )


def _payments(ctx: Context, spec: FlowSpec) -> list[Payment]:
    """Who gets what on completion: each grant's price once, then the fees."""
    payments = []
    for grant in rules.grants_of(spec):
        price = ctx.need(Grants).price(grant)
        payments.append(
            Payment(to=price.payee, amount_points=price.price_points, kind="grant", subject=grant)
        )
    for alias, amount_points in spec.fees.items():
        to = spec.parties[alias]
        payments.append(Payment(to=to, amount_points=amount_points, kind="fee", subject=alias))
    return payments


def _record(ctx: Context, flow: str, deployed: SpecRecord) -> Run:
    SPECS.put(ctx.state, deployed, flow)
    record = FlowRecord(
        id=flow,
        initiator=ctx.sender,
        name=deployed.spec.name,
        state="REQUESTED",
        steps=len(deployed.spec.steps),
        price_points=sum(payment.amount_points for payment in deployed.payments),
        created_ms=ctx.time_ms,
        updated_ms=ctx.time_ms,
    )
    run = Run(ctx, record, deployed)
    run.put_flow()
    return run
