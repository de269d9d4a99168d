"""What always holds of services; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.services.queries import get_service, get_usage
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class ServicesBroken(InternalError):
    """A services invariant does not hold."""

    code = "services.invariant"


def check_service(state: StateReader, service: str) -> None:
    """Uses stay within reservations, those within the terms; only what all signed is used."""
    record = get_service(state, service)
    if record is None:
        raise ServicesBroken("the service vanished")
    if not 0 <= record.reserved <= record.terms.uses:
        raise ServicesBroken("more uses reserved than agreed")
    if not 0 <= record.window_reserved <= record.terms.window_uses:
        raise ServicesBroken("more uses in a window than agreed")
    signed = sorted(record.accepted) == sorted(record.parties.values())
    if record.state in ("ACTIVE", "SUSPENDED") and not signed:
        raise ServicesBroken("a service is active without all signatures")
    if record.reserved and not signed:
        raise ServicesBroken("uses were reserved without all signatures")
    if (record.state == "SUSPENDED") != (record.suspended_by != ""):
        raise ServicesBroken("exactly suspended services name who suspended them")
    for did in record.parties.values():
        usage = get_usage(state, service, did)
        if usage is not None and usage.uses > record.reserved:
            raise ServicesBroken("more uses recorded than reserved")
