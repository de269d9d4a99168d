"""Pure rules of grants: what may be asked, which step follows which, what a use needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hanse.contracts.plain import duplicates
from hanse.contracts.rights import errors
from hanse.contracts.rights.needs import DatasetFacts
from hanse.contracts.rights.types import GrantRecord, GrantState, Standing, Terms
from hanse.core.errors import AuthorizationError

ANY = "*"
OPEN_STATES: tuple[GrantState, ...] = ("REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED")


class Use(NamedTuple):
    """What a flow wants to do under a grant."""

    consumer: str
    dataset: str
    fields: Sequence[str]
    purpose: str
    operators: Sequence[str]
    receivers: Sequence[str]


def require_terms(terms: Terms, facts: DatasetFacts, now_ms: int) -> None:
    """Refuse terms that name what the dataset has not or its owner's rules exclude.

    Raises:
        DuplicateTerm, UnknownField, NotAllowedByOwner, GrantExpired.
    """
    for names in (terms.fields, terms.operators, terms.receivers):
        if duplicates(names):
            raise errors.DuplicateTerm()
    unknown = [name for name in terms.fields if name not in facts.fields]
    if unknown:
        raise errors.UnknownField(f"the dataset has no field {unknown[0][:60]!r}")
    if ANY not in facts.purposes and terms.purpose not in facts.purposes:
        raise errors.NotAllowedByOwner(f"purpose {terms.purpose!r} is not allowed")
    refused = [name for name in terms.operators if name not in facts.operators]
    if refused and ANY not in facts.operators:
        raise errors.NotAllowedByOwner(f"operator {refused[0]!r} is not allowed")
    if terms.not_after_ms <= now_ms:
        raise errors.GrantExpired("the period asked for lies in the past")


def require_state(grant: GrantRecord, *states: GrantState) -> None:
    """Refuse steps that do not follow the grant's state.

    Raises:
        GrantFinal: the negotiation is over.
        WrongGrantState: another step is due.
    """
    if grant.state in states:
        return
    if grant.state in ("FINALIZED", "TERMINATED"):
        raise errors.GrantFinal(f"the grant is {grant.state}")
    raise errors.WrongGrantState(f"the grant is {grant.state}")


def standing(grant: GrantRecord, now_ms: int) -> Standing:
    """Standing of a grant at a block time; expiry needs no transaction."""
    if grant.standing == "ACTIVE" and now_ms > grant.terms.not_after_ms:
        return "EXPIRED"
    return grant.standing


def problem(grant: GrantRecord, now_ms: int) -> str:
    """Error code of why a use that is held may not go on, or empty.

    A grant whose uses are all consumed still covers the flows that consumed them.
    """
    if grant.standing == "REVOKED":
        return errors.GrantRevokedError.code
    if now_ms > grant.terms.not_after_ms:
        return errors.GrantExpired.code
    return ""


def require_exercisable(grant: GrantRecord, consumer: str, now_ms: int) -> None:
    """Refuse grants of others, unfinished, revoked or expired ones."""
    if grant.consumer != consumer:
        raise errors.GrantNotYours("the grant was given to somebody else")
    if grant.state != "FINALIZED":
        raise errors.GrantNotFinal(f"the grant is {grant.state}")
    code = problem(grant, now_ms)
    if code == errors.GrantRevokedError.code:
        raise errors.GrantRevokedError()
    if code:
        raise errors.GrantExpired()


def require_covered(grant: GrantRecord, use: Use) -> None:
    """Refuse what the terms do not name.

    Raises:
        DatasetNotGranted, PurposeNotGranted, FieldNotGranted, OperatorNotGranted,
        ReceiverNotGranted.
    """
    terms = grant.terms
    if grant.dataset != use.dataset:
        raise errors.DatasetNotGranted()
    if terms.purpose != use.purpose:
        raise errors.PurposeNotGranted(f"granted for {terms.purpose!r}")
    _require_among(use.fields, terms.fields, errors.FieldNotGranted, "field")
    _require_among(use.operators, terms.operators, errors.OperatorNotGranted, "operator")
    allowed = [grant.consumer, grant.owner, *terms.receivers]
    _require_among(use.receivers, allowed, errors.ReceiverNotGranted, "receiver")


def reserve(grant: GrantRecord) -> GrantRecord:
    """The grant with one more use held; raises `GrantUsedUp`."""
    if grant.consumed + grant.reserved >= grant.terms.uses:
        raise errors.GrantUsedUp(
            f"{grant.consumed} of {grant.terms.uses} uses are consumed, {grant.reserved} are held"
        )
    return replace(grant, reserved=grant.reserved + 1)


def consume(grant: GrantRecord) -> GrantRecord:
    """The grant with one held use spent."""
    spent = replace(grant, reserved=grant.reserved - 1, consumed=grant.consumed + 1)
    if spent.standing == "ACTIVE" and spent.consumed == spent.terms.uses:
        return replace(spent, standing="USED_UP")
    return spent


def release(grant: GrantRecord) -> GrantRecord:
    """The grant with one held use free again."""
    return replace(grant, reserved=grant.reserved - 1)


def uses_left(grant: GrantRecord) -> int:
    """Uses neither held nor consumed."""
    return grant.terms.uses - grant.consumed - grant.reserved


def _require_among(
    names: Sequence[str],
    allowed: Sequence[str],
    error: type[AuthorizationError],
    what: str,
) -> None:
    missing = [name for name in names if name not in allowed]
    if missing:
        raise error(f"{what} {missing[0][:60]!r} is not granted")
