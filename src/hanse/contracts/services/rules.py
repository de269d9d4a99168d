"""Pure rules of services: who signs, what may be reserved, what may be recorded."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.services import errors
from hanse.contracts.services.needs import StepFacts
from hanse.contracts.services.types import ServiceKind, ServiceRecord, ServiceTerms

RECEIVER = "receiver"


def parties_of(facts: StepFacts, kind: ServiceKind, receiver: str) -> dict[str, str]:
    """DID by alias of everybody a service needs: who holds a part, and the receiver.

    Raises:
        HoldsNoPart: retrieval was set up for another receiver.
    """
    holders = [*facts.owners, *facts.computes]
    if kind == "retrieval":
        if receiver not in [facts.parties[alias] for alias in facts.receivers]:
            raise errors.HoldsNoPart("the table was set up for another receiver")
        holders = [*facts.owners, *facts.receivers]
    parties = {alias: facts.parties[alias] for alias in dict.fromkeys(holders)}
    if receiver not in parties.values():
        parties[_free_alias(parties)] = receiver
    return parties


def _free_alias(parties: dict[str, str]) -> str:
    name = RECEIVER
    while name in parties:
        name += "_"
    return name


def alias_of(parties: dict[str, str], did: str) -> str:
    """Alias of a party.

    Raises:
        NotAServiceParty: when the DID is none.
    """
    for alias, party in parties.items():
        if party == did:
            return alias
    raise errors.NotAServiceParty()


def released_datasets(facts: StepFacts, receiver: str) -> list[str]:
    """Datasets of others that answers tell the receiver (by DID) about, sorted."""
    return sorted(name for name, owner in facts.datasets.items() if owner != receiver)


def require_terms(terms: ServiceTerms, parties: dict[str, str], receiver: str, now_ms: int) -> None:
    """Refuse terms that have ended, or that pay nobody who serves.

    Raises:
        ServiceExpired, UnknownPayee.
    """
    if terms.not_after_ms <= now_ms:
        raise errors.ServiceExpired("the period lies in the past")
    for alias in terms.prices:
        if parties.get(alias, receiver) == receiver:
            raise errors.UnknownPayee(f"{alias!r} serves nothing here")


def accept(service: ServiceRecord, did: str) -> ServiceRecord:
    """The service with one more signature; active with the last one.

    Raises:
        WrongServiceState, AcceptedAlready.
    """
    if service.state != "OFFERED":
        raise errors.WrongServiceState(f"the service is {service.state}")
    if did in service.accepted:
        raise errors.AcceptedAlready()
    accepted = [*service.accepted, did]
    whole = len(accepted) == len(service.parties)
    return replace(service, accepted=accepted, state="ACTIVE" if whole else "OFFERED")


def require_usable(service: ServiceRecord, retired: bool, now_ms: int) -> None:
    """Refuse services that may not be used now.

    Raises:
        ServiceSuspendedError, WrongServiceState, ModelRetiredError, ServiceExpired.
    """
    if service.state == "SUSPENDED":
        raise errors.ServiceSuspendedError()
    if service.state != "ACTIVE":
        raise errors.WrongServiceState(f"the service is {service.state}")
    if retired:
        raise errors.ModelRetiredError()
    if now_ms > service.terms.not_after_ms:
        raise errors.ServiceExpired()


def reserve(service: ServiceRecord, uses: int, now_ms: int) -> ServiceRecord:
    """The service with so many more uses reserved.

    A window begins with the first reservation after the last one's end.

    Raises:
        ServiceUsedUp, RateExceeded.
    """
    terms = service.terms
    if service.reserved + uses > terms.uses:
        raise errors.ServiceUsedUp(f"{terms.uses - service.reserved} uses are left to reserve")
    start, in_window = service.window_start_ms, service.window_reserved
    if now_ms >= start + terms.window_ms:
        start, in_window = now_ms, 0
    if in_window + uses > terms.window_uses:
        raise errors.RateExceeded(f"{terms.window_uses - in_window} uses are left in this window")
    return replace(
        service,
        reserved=service.reserved + uses,
        reservations=service.reservations + 1,
        window_start_ms=start,
        window_reserved=in_window + uses,
    )


def require_record(service: ServiceRecord, before: int, uses: int) -> None:
    """Refuse totals that go back or exceed what was reserved.

    Raises:
        FewerThanRecorded, MoreThanReserved.
    """
    if uses < before:
        raise errors.FewerThanRecorded()
    if uses > service.reserved:
        raise errors.MoreThanReserved()
