"""Accounts and their history."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from hanse.contracts.points import events
from hanse.contracts.points.types import PointsGenesis
from hanse.node.views.fact import Fact, Projection
from hanse.node.views.tables import accounts, movements

projection = Projection("points")


def start(connection: Connection, genesis: PointsGenesis) -> None:
    """Points that exist from the start."""
    for allocation in genesis.allocations:
        _ensure(connection, allocation.to, 0)
        _set(connection, allocation.to, balance=allocation.amount_points)


@projection.on(events.PointsIssued)
def issued(connection: Connection, fact: Fact, event: events.PointsIssued) -> None:
    """New points."""
    _ensure(connection, event.to, fact.position)
    _set(connection, event.to, balance=event.balance_points)
    _move(connection, fact, event.to, "issued", event.amount_points, memo=event.memo)


@projection.on(events.PointsTransferred)
def transferred(connection: Connection, fact: Fact, event: events.PointsTransferred) -> None:
    """From one to another."""
    _ensure(connection, event.payer, fact.position)
    _ensure(connection, event.to, fact.position)
    _set(connection, event.payer, balance=event.payer_balance_points)
    _set(connection, event.to, balance=event.to_balance_points)
    amount, memo = event.amount_points, event.memo
    _move(connection, fact, event.payer, "sent", -amount, counterparty=event.to, memo=memo)
    if event.to != event.payer:
        _move(connection, fact, event.to, "received", amount, counterparty=event.payer, memo=memo)


@projection.on(events.PointsHeld)
def held(connection: Connection, fact: Fact, event: events.PointsHeld) -> None:
    """Set aside."""
    _ensure(connection, event.payer, fact.position)
    _set(connection, event.payer, balance=event.balance_points, held=event.amount_points)
    _move(connection, fact, event.payer, "held", -event.amount_points, subject=event.escrow)


@projection.on(events.PointsPaid)
def paid(connection: Connection, fact: Fact, event: events.PointsPaid) -> None:
    """Out of escrow to a payee."""
    _ensure(connection, event.to, fact.position)
    _set(connection, event.payer, held=-event.amount_points)
    _set(connection, event.to, balance=event.to_balance_points)
    amount = event.amount_points
    _move(
        connection, fact, event.to, "paid", amount, counterparty=event.payer, subject=event.escrow
    )


@projection.on(events.PointsRefunded)
def refunded(connection: Connection, fact: Fact, event: events.PointsRefunded) -> None:
    """Out of escrow back to the payer."""
    _set(connection, event.payer, balance=event.balance_points, held=-event.amount_points)
    _move(connection, fact, event.payer, "refunded", event.amount_points, subject=event.escrow)


@projection.on(events.AccountFrozen)
def frozen(connection: Connection, fact: Fact, event: events.AccountFrozen) -> None:
    """No spending."""
    _freeze(connection, fact, event.account, True)


@projection.on(events.AccountUnfrozen)
def unfrozen(connection: Connection, fact: Fact, event: events.AccountUnfrozen) -> None:
    """Spending again."""
    _freeze(connection, fact, event.account, False)


def _freeze(connection: Connection, fact: Fact, did: str, value: bool) -> None:
    _ensure(connection, did, fact.position)
    connection.execute(update(accounts).where(accounts.c.did == did).values(frozen=value))


def _ensure(connection: Connection, did: str, position: int) -> None:
    known = select(accounts.c.did).where(accounts.c.did == did)
    if connection.execute(known).scalar_one_or_none() is None:
        values = {"position": position, "balance_points": 0, "held_points": 0, "frozen": False}
        connection.execute(insert(accounts).values(did=did, **values))


def _set(connection: Connection, did: str, *, balance: int | None = None, held: int = 0) -> None:
    values: dict[str, object] = {"held_points": accounts.c.held_points + held}
    if balance is not None:
        values["balance_points"] = balance
    connection.execute(update(accounts).where(accounts.c.did == did).values(values))


def _move(
    connection: Connection,
    fact: Fact,
    did: str,
    kind: str,
    amount: int,
    *,
    counterparty: str = "",
    subject: str = "",
    memo: str = "",
) -> None:
    connection.execute(
        insert(movements).values(
            position=fact.position,
            did=did,
            height=fact.height,
            time_ms=fact.time_ms,
            transaction=fact.transaction,
            kind=kind,
            amount_points=amount,
            counterparty=counterparty,
            subject=subject,
            memo=memo,
        )
    )
