"""What happened to nodes and validators."""

from __future__ import annotations

from hanse.contracts.validators.types import NodeRecord
from hanse.ledger.contract.contract import Event
from hanse.ledger.validators import Validator


class NodeRegistered(Event, frozen=True):
    """A member's node is known; it observes."""

    did: str
    node: NodeRecord


class NodeUpdated(Event, frozen=True):
    """A node is reached elsewhere now."""

    did: str
    node: NodeRecord


class NodeDeregistered(Event, frozen=True):
    """A member has no node any more."""

    did: str


class KeysReplaced(Event, frozen=True):
    """A node has other keys; they vote from ``from_height`` on, 0 where the node observes."""

    did: str
    node: NodeRecord
    from_height: int


class ValidatorVoted(Event, frozen=True):
    """A validator wishes that a member has this power."""

    did: str
    power: int
    voter: str
    expires_ms: int


class ValidatorDecided(Event, frozen=True):
    """More than two thirds of the power agreed; votes on the member are closed."""

    did: str
    power: int
    previous_power: int
    from_height: int


class ValidatorSetChanged(Event, frozen=True):
    """The whole set from a height on; a later one for the same height replaces it."""

    from_height: int
    validators: list[Validator]


class FaultReported(Event, frozen=True):
    """A validator reported a fault of another; ``evidence`` is the hash of what it sent."""

    offender: str
    height: int
    kind: str
    reporter: str
    evidence: str
    expires_ms: int


class ValidatorExpelled(Event, frozen=True):
    """A validator lost its power for faults; who reported them, and what it had."""

    did: str
    previous_power: int
    from_height: int
    reporters: list[str]
