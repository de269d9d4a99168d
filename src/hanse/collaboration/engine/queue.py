"""What this node works on now: which attempts run, which wait, and what they reserve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.records import AttemptKey, Phase, ProgressRow
from hanse.collaboration.engine.views import FlowView

State = Literal["preparing", "waiting", "confirmed", "running", "reporting"]
_STATES: dict[Phase, State] = {
    Phase.CONFIRMED: "confirmed",
    Phase.RUNNING: "running",
    Phase.FINISHED: "reporting",
    Phase.REPORTED: "reporting",
}


@dataclass(frozen=True)
class QueuedTask:
    """One attempt this node works on.

    Attributes:
        place: in the queue for a slot, 1 for the next; 0 when it does not wait.
        memory_bytes: reserved, or asked for; 0 before that is known.
    """

    key: AttemptKey
    operator: str
    state: State
    priority: int
    place: int
    memory_bytes: int
    progress: ProgressRow | None


@dataclass(frozen=True)
class Queue:
    """All of them, those that run first, and the node's limits (0 is none)."""

    tasks: list[QueuedTask]
    max_tasks: int
    memory_bytes: int
    reserved_bytes: int
    cores: int


def look(ctx: EngineContext, keys: Iterable[AttemptKey]) -> Queue:
    """The queue as it stands."""
    tasks = [task for key in keys if (task := _task(ctx, key)) is not None]
    tasks.sort(key=lambda task: (task.place, -task.priority, str(task.key)))
    slots, settings = ctx.slots, ctx.settings
    return Queue(tasks, slots.limit, slots.memory_bytes, slots.reserved_bytes, settings.cores)


def _task(ctx: EngineContext, key: AttemptKey) -> QueuedTask | None:
    flow = FlowView.read(ctx.ledger.state, key.flow)
    step = flow.step(key.step) if flow else None
    row = ctx.journal.attempt(key)
    if flow is None or step is None or row is None:
        return None
    place = ctx.slots.place(str(key))
    return QueuedTask(
        key=key,
        operator=step.spec.operator,
        state="waiting" if place else _STATES.get(row.phase, "preparing"),
        priority=flow.spec.priority,
        place=place,
        memory_bytes=ctx.slots.reservation(str(key)),
        progress=ctx.journal.progress(key),
    )
