"""Handlers: reserve uses, and record how many were made."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.services import errors, events, messages, rules
from hanse.contracts.services.needs import Escrow
from hanse.contracts.services.offering import is_retired, load, require_exact
from hanse.contracts.services.types import SERVICES, USAGE, ServiceRecord, UsageRecord
from hanse.ledger.contract.contract import Context


def reserve(ctx: Context, message: messages.ReserveUses) -> None:
    """Reserve uses within terms and rate; they are paid for at once, used or not."""
    service = load(ctx, message.service)
    if service.parties[service.receiver] != ctx.sender:
        raise errors.NotTheReceiver()
    rules.require_usable(service, is_retired(ctx, service), ctx.time_ms)
    require_exact(ctx, service.datasets)
    reserved = replace(rules.reserve(service, message.uses, ctx.time_ms), updated_ms=ctx.time_ms)
    SERVICES.put(ctx.state, reserved, reserved.id)
    ctx.emit(
        events.UsesReserved(
            service=reserved.id,
            receiver=ctx.sender,
            uses=message.uses,
            reserved=reserved.reserved,
            uses_left=reserved.terms.uses - reserved.reserved,
            paid_points=_pay(ctx, reserved, message.uses),
        )
    )


def record(ctx: Context, message: messages.RecordUses) -> None:
    """Put a party's total on record, also after the service's end."""
    service = load(ctx, message.service)
    before = USAGE.get(ctx.state, service.id, ctx.sender)
    rules.require_record(service, before.uses if before else 0, message.uses)
    usage = UsageRecord(uses=message.uses, head=message.head, time_ms=ctx.time_ms)
    USAGE.put(ctx.state, usage, service.id, ctx.sender)
    ctx.emit(
        events.UsesRecorded(
            service=service.id, party=ctx.sender, uses=message.uses, head=message.head
        )
    )


def _pay(ctx: Context, service: ServiceRecord, uses: int) -> int:
    prices = service.terms.prices
    total = uses * sum(prices.values())
    if total == 0:
        return 0
    escrow = f"{service.id}/{service.reservations}"
    ctx.need(Escrow).hold(escrow, ctx.sender, total)
    for alias, price in prices.items():
        if price:
            ctx.need(Escrow).pay(escrow, service.parties[alias], uses * price)
    return total
