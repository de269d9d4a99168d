"""What always holds of identity records; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.identity import rules
from hanse.contracts.identity.types import DIDS, KEYS, MEMBERS
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class IdentityBroken(InternalError):
    """An identity invariant does not hold."""

    code = "identity.invariant"


def check_member(state: StateReader, did: str, height: int) -> None:
    """The document's keys are exactly the keys that hold, and periods do not overlap.

    Args:
        height: the next height, at which all changes so far are in force.
    """
    record = DIDS.get(state, did)
    member = MEMBERS.get(state, did)
    if record is None or member is None or record.document.id != did:
        raise IdentityBroken("a member and its document exist together")
    if record.deactivated and member.state != "REMOVED":
        raise IdentityBroken("a deactivated DID has no member")
    for method in record.document.methods:
        keys = KEYS.get(state, did, method.id)
        if keys is None:
            raise IdentityBroken("every key of the document has a history")
        _check_periods([(p.first_height, p.last_height) for p in keys.periods])
        holds = rules.key_at(keys, height)
        expected = None if record.deactivated else method.public
        if (None if holds is None else holds.public) != expected:
            raise IdentityBroken("the key that holds is the document's")


def _check_periods(periods: list[tuple[int, int | None]]) -> None:
    previous = -1
    for index, (first, last) in enumerate(periods):
        if first <= previous or (last is None and index != len(periods) - 1):
            raise IdentityBroken("periods of a key follow each other")
        previous = first if last is None else last
