"""Tasks at this node: what runs, what waits, and what it lends to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hanse.api.base import View
from hanse.api.flows import ProgressView
from hanse.api.operation import Operation


class TaskView(View):
    """One attempt of a step this node works on.

    Attributes:
        place: in the queue for a slot, 1 for the next; 0 when it does not wait.
        memory_bytes: reserved, or asked for; 0 before that is known.
    """

    flow: str
    step: str
    attempt: int
    operator: str
    state: Literal["preparing", "waiting", "confirmed", "running", "reporting"]
    priority: int
    place: int = 0
    memory_bytes: int = 0
    progress: ProgressView | None = None


class TasksView(View):
    """All of them and the node's limits; ``memory_bytes`` and ``cores`` 0 mean no limit."""

    items: list[TaskView] = Field(default_factory=list)
    max_tasks: int
    memory_bytes: int = 0
    reserved_bytes: int = 0
    cores: int = 0


OPERATIONS = (
    Operation("node.tasks", "GET", "/v1/tasks", "What this node computes now", TasksView),
)
