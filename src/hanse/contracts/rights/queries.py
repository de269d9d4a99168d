"""Reading grants and rights."""

from __future__ import annotations

from hanse.contracts.rights import rules
from hanse.contracts.rights.types import (
    FLOW_GRANTS,
    GRANTS,
    RIGHTS,
    USES,
    GrantRecord,
    RightsRecord,
    Standing,
    UseRecord,
)
from hanse.ledger.contract.state import StateReader


def get_grant(state: StateReader, grant: str) -> GrantRecord | None:
    """The grant, or None."""
    return GRANTS.get(state, grant)


def get_standing(state: StateReader, grant: str, now_ms: int) -> Standing:
    """Standing at a time; empty when there is no grant or it is not final."""
    record = GRANTS.get(state, grant)
    return "" if record is None else rules.standing(record, now_ms)


def get_use(state: StateReader, grant: str, flow: str) -> UseRecord | None:
    """A flow's use of a grant, or None."""
    return USES.get(state, grant, flow)


def grants_of_flow(state: StateReader, flow: str) -> list[str]:
    """Grants a flow has reserved."""
    record = FLOW_GRANTS.get(state, flow)
    return [] if record is None else list(record.grants)


def get_rights(state: StateReader, dataset: str) -> RightsRecord | None:
    """Who holds the rights of a dataset; None until they are first needed."""
    return RIGHTS.get(state, dataset)
