"""Handlers: offer, accept, suspend, resume and end a service; retire a model."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hanse.contracts.services import errors, events, messages, rules
from hanse.contracts.services.needs import Budgets, Members, StepFacts, Steps
from hanse.contracts.services.types import RETIRED, SERVICES, RetirementRecord, ServiceRecord
from hanse.ledger.contract.contract import Context


class ServiceRef(msgspec.Struct, frozen=True):
    """Result of offering a service."""

    service: str


def offer(ctx: Context, message: messages.OfferService) -> ServiceRef:
    """Offer what a completed step made; the offer is the offerer's signature."""
    ctx.need(Members).require_active(ctx.sender)
    ctx.need(Members).require_active(message.receiver)
    facts = _completed(ctx, message.flow, message.step)
    if RETIRED.has(ctx.state, message.flow, message.step, message.output):
        raise errors.ModelRetiredError()
    parties = rules.parties_of(facts, message.kind, message.receiver)
    if ctx.sender not in parties.values():
        raise errors.HoldsNoPart()
    rules.require_terms(message.terms, parties, message.receiver, ctx.time_ms)
    datasets = rules.released_datasets(facts, message.receiver)
    require_exact(ctx, datasets)
    record = ServiceRecord(
        id=ctx.new_id("sv"),
        kind=message.kind,
        name=message.name,
        flow=message.flow,
        step=message.step,
        output=message.output,
        offerer=ctx.sender,
        parties=parties,
        owners=[alias for alias in facts.owners if alias in parties],
        computes=[alias for alias in facts.computes if alias in parties],
        receiver=rules.alias_of(parties, message.receiver),
        protocol=facts.protocol,
        datasets=datasets,
        terms=message.terms,
        state="OFFERED",
        accepted=[],
        created_ms=ctx.time_ms,
    )
    put(ctx, rules.accept(record, ctx.sender), events.ServiceOffered)
    return ServiceRef(record.id)


def accept(ctx: Context, message: messages.AcceptService) -> None:
    """Sign the terms; a model that was retired meanwhile is not served."""
    service = load(ctx, message.service)
    if is_retired(ctx, service):
        raise errors.ModelRetiredError()
    require_exact(ctx, service.datasets)
    rules.require_terms(
        service.terms, service.parties, service.parties[service.receiver], ctx.time_ms
    )
    put(ctx, rules.accept(service, ctx.sender), events.ServiceAccepted)


def suspend(ctx: Context, message: messages.SuspendService) -> None:
    """Stop for a while; what is reserved stays reserved."""
    service = load(ctx, message.service)
    if service.state == "SUSPENDED":
        raise errors.ServiceSuspendedError()
    if service.state != "ACTIVE":
        raise errors.WrongServiceState(f"the service is {service.state}")
    stopped = replace(service, state="SUSPENDED", suspended_by=ctx.sender, reason=message.reason)
    put(ctx, stopped, events.ServiceSuspended)


def resume(ctx: Context, message: messages.ResumeService) -> None:
    """Go on; only who suspended a service resumes it."""
    service = load(ctx, message.service)
    if service.state != "SUSPENDED":
        raise errors.WrongServiceState(f"the service is {service.state}")
    if service.suspended_by != ctx.sender:
        raise errors.NotTheSuspender()
    put(ctx, replace(service, state="ACTIVE", suspended_by="", reason=""), events.ServiceResumed)


def end(ctx: Context, message: messages.EndService) -> None:
    """Stop for good; totals can still be recorded."""
    service = load(ctx, message.service)
    if service.state == "ENDED":
        raise errors.WrongServiceState("the service has ended")
    ended = replace(service, state="ENDED", suspended_by="", reason=message.reason)
    put(ctx, ended, events.ServiceEnded)


def retire(ctx: Context, message: messages.RetireModel) -> None:
    """Declare that what a step made is not used any more: no step, no service."""
    ctx.need(Members).require_active(ctx.sender)
    facts = _completed(ctx, message.flow, message.step)
    if ctx.sender not in facts.parties.values():
        raise errors.HoldsNoPart()
    if RETIRED.has(ctx.state, message.flow, message.step, message.output):
        raise errors.ModelRetiredError()
    record = RetirementRecord(by=ctx.sender, reason=message.reason, time_ms=ctx.time_ms)
    RETIRED.put(ctx.state, record, message.flow, message.step, message.output)
    ctx.emit(
        events.ModelRetired(
            flow=message.flow,
            step=message.step,
            output=message.output,
            party=ctx.sender,
            reason=message.reason,
        )
    )


def load(ctx: Context, service: str) -> ServiceRecord:
    """The service, for an active member that is a party of it."""
    ctx.need(Members).require_active(ctx.sender)
    record = SERVICES.require(ctx.state, errors.ServiceNotFound, service)
    rules.alias_of(record.parties, ctx.sender)
    return record


def is_retired(ctx: Context, service: ServiceRecord) -> bool:
    """Whether what it serves was retired."""
    return RETIRED.has(ctx.state, service.flow, service.step, service.output)


def require_exact(ctx: Context, datasets: Sequence[str]) -> None:
    """Refuse to serve what descends from a dataset with a privacy budget: answers have no noise.

    Raises:
        NoiseRequired: of the privacy contract, naming the dataset.
    """
    for dataset in datasets:
        ctx.need(Budgets).require(dataset, 0, "a service")


def put(ctx: Context, service: ServiceRecord, event: type[events.ServiceEvent]) -> None:
    """Write a service and tell of it."""
    record = replace(service, updated_ms=ctx.time_ms)
    SERVICES.put(ctx.state, record, record.id)
    ctx.emit(event(service=record.id, party=ctx.sender, entry=record))


def _completed(ctx: Context, flow: str, step: str) -> StepFacts:
    facts = ctx.need(Steps).facts(flow, step)
    if not facts.completed:
        raise errors.NothingToServe("the step has not completed")
    return facts
