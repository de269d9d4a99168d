"""Reading services, what was used of them, and which models are retired."""

from __future__ import annotations

from hanse.contracts.services.errors import ModelRetiredError
from hanse.contracts.services.types import (
    RETIRED,
    SERVICES,
    USAGE,
    RetirementRecord,
    ServiceRecord,
    UsageRecord,
)
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader


def get_service(state: StateReader, service: str) -> ServiceRecord | None:
    """The service, or None."""
    return SERVICES.get(state, service)


def get_usage(state: StateReader, service: str, party: str) -> UsageRecord | None:
    """What a party (by DID) recorded, or None."""
    return USAGE.get(state, service, party)


def get_retirement(
    state: StateReader, flow: str, step: str, output: str
) -> RetirementRecord | None:
    """Who retired what a step made, or None."""
    return RETIRED.get(state, flow, step, output)


def require_in_use(state: StateReader, flow: str, step: str, output: str) -> None:
    """Refuse a model that was retired; raises `ModelRetiredError`."""
    if get_retirement(state, flow, step, output) is not None:
        raise ModelRetiredError(f"{step}.{output} of {flow} was retired")


class Retirements:
    """What services hand to other contracts, bound to one transaction."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def require_in_use(self, flow: str, step: str, output: str) -> None:
        """Refuse a model that was retired; raises `ModelRetiredError`."""
        require_in_use(self._state, flow, step, output)
