"""What a node does for the ledger: order alone, order with others, or follow."""

from __future__ import annotations

from concurrent.futures import Executor

from hanse.ledger.application import Application
from hanse.ledger.bft.participating import Participant, Participating
from hanse.ledger.clock import Clock
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.ordering.following import Following
from hanse.ledger.ordering.sequencer import Sequencer, SequencerEngine
from hanse.ledger.ordering.sequencing import Sequencing
from hanse.ledger.registry import Registry
from hanse.ledger.storage.store import Store
from hanse.ledger.waiting import Waiting

Role = Sequencer | Follower | Participant
"""Chosen when the ledger is opened."""
Ordering = Sequencing | Following | Participating
"""The part that does it."""
_NAMES: dict[type, str] = {
    Sequencing: "sequencer",
    Following: "follower",
    Participating: "participant",
}


def role_name(ordering: Ordering) -> str:
    """sequencer, follower or participant."""
    return _NAMES[type(ordering)]


def take_role(
    role: Role,
    application: Application,
    store: Store,
    registry: Registry,
    verifiers: Verifiers,
    waiting: Waiting,
    writer: Executor,
    clock: Clock,
) -> Ordering:
    """Put the part together that does what the role says; it is not started."""
    if isinstance(role, Sequencer):
        engine = SequencerEngine(application, role)
        return Sequencing(application, engine, verifiers, waiting, writer, clock)
    if isinstance(role, Participant):
        return Participating(application, store, registry, verifiers, waiting, writer, clock, role)
    return Following(application, role.source, waiting, writer, clock)
