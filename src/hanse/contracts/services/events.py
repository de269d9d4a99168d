"""What happened to services and models. ``entry`` is the whole service after the step."""

from __future__ import annotations

from hanse.contracts.services.types import ServiceRecord
from hanse.ledger.contract.contract import Event


class ServiceEvent(Event, frozen=True):
    """Common part of every step of a service."""

    service: str
    party: str
    entry: ServiceRecord


class ServiceOffered(ServiceEvent, frozen=True):
    """A holder of a part offered it."""


class ServiceAccepted(ServiceEvent, frozen=True):
    """A party signed; the service is active once all have."""


class ServiceSuspended(ServiceEvent, frozen=True):
    """A party stopped it for a while."""


class ServiceResumed(ServiceEvent, frozen=True):
    """The same party lets it go on."""


class ServiceEnded(ServiceEvent, frozen=True):
    """A party ended or declined it."""


class UsesReserved(Event, frozen=True):
    """The receiver reserved uses."""

    service: str
    receiver: str
    uses: int
    reserved: int
    uses_left: int
    paid_points: int


class UsesRecorded(Event, frozen=True):
    """A party said how many uses were made."""

    service: str
    party: str
    uses: int
    head: str


class ModelRetired(Event, frozen=True):
    """What a step made is not used any more."""

    flow: str
    step: str
    output: str
    party: str
    reason: str
