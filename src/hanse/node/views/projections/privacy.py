"""Privacy budgets."""

from __future__ import annotations

from sqlalchemy import Connection

from hanse.contracts.privacy import events
from hanse.node.views.fact import Fact, Projection, put, to_json
from hanse.node.views.tables import budgets

projection = Projection("privacy")


@projection.on(events.BudgetSet, events.BudgetEnded, events.BudgetCharged)
def changed(
    connection: Connection,
    fact: Fact,
    event: events.BudgetSet | events.BudgetEnded | events.BudgetCharged,
) -> None:
    """A budget as it now is; it keeps the place of its last change."""
    values = {
        "position": fact.position,
        "owner": event.entry.owner,
        "entry": to_json(event.entry),
    }
    put(connection, budgets, {"dataset": event.dataset}, values)
