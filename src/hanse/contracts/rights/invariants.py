"""What always holds of grants; tests check it after every step."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.contracts.rights.queries import get_grant, get_use
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class RightsBroken(InternalError):
    """A rights invariant does not hold."""

    code = "rights.invariant"


def check_grant(state: StateReader, grant: str, flows: Iterable[str]) -> None:
    """Uses never exceed the grant, and its counters are the uses on record.

    Args:
        flows: every flow that may have used the grant.
    """
    record = get_grant(state, grant)
    if record is None:
        raise RightsBroken("the grant vanished")
    if min(record.reserved, record.consumed) < 0:
        raise RightsBroken("a counter is below zero")
    if record.reserved + record.consumed > record.terms.uses:
        raise RightsBroken("more uses than granted")
    if record.reserved + record.consumed and record.state != "FINALIZED":
        raise RightsBroken("a grant was used before it was final")
    if (record.standing == "") != (record.state != "FINALIZED"):
        raise RightsBroken("exactly final grants have a standing")
    uses = [get_use(state, grant, flow) for flow in flows]
    reserved = sum(1 for use in uses if use is not None and use.state == "RESERVED")
    consumed = sum(1 for use in uses if use is not None and use.state == "CONSUMED")
    if (reserved, consumed) != (record.reserved, record.consumed):
        raise RightsBroken("counters and uses differ")
