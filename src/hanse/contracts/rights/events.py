"""What happened to grants and rights. ``entry`` is the whole grant after the step."""

from __future__ import annotations

from hanse.contracts.rights.types import GrantRecord
from hanse.ledger.contract.contract import Event


class GrantEvent(Event, frozen=True):
    """Common part of every step of a grant."""

    grant: str
    dataset: str
    owner: str
    consumer: str
    entry: GrantRecord


class GrantRequested(GrantEvent, frozen=True):
    """A consumer applied."""


class GrantOffered(GrantEvent, frozen=True):
    """The owner offered other terms."""


class OfferAccepted(GrantEvent, frozen=True):
    """The consumer accepted the owner's terms."""


class GrantAgreed(GrantEvent, frozen=True):
    """The owner signed the grant."""


class GrantVerified(GrantEvent, frozen=True):
    """The consumer confirmed the agreement."""


class GrantFinalized(GrantEvent, frozen=True):
    """The grant can be exercised."""


class GrantTerminated(GrantEvent, frozen=True):
    """The negotiation ended without a grant."""


class GrantRevoked(GrantEvent, frozen=True):
    """The owner ended a final grant."""


class UseEvent(Event, frozen=True):
    """Common part of every step of one use."""

    grant: str
    flow: str
    consumer: str
    uses_left: int
    reserved: int
    consumed: int
    standing: str


class UseReserved(UseEvent, frozen=True):
    """A flow holds one use."""


class UseConsumed(UseEvent, frozen=True):
    """A flow's use is spent: its first step started."""


class UseReleased(UseEvent, frozen=True):
    """A flow ended before anything left; its use is free again."""


class RightsRegistered(Event, frozen=True):
    """The three rights of a dataset are on record."""

    dataset: str
    holder: str


class RightTransferred(Event, frozen=True):
    """One right changed hands."""

    dataset: str
    right: str
    holder: str
    to: str
