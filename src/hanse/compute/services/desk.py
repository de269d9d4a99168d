"""The worker's side of the line to its node."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from hanse.compute.errors import BadInput, Cancelled
from hanse.compute.worker.request import WorkerEvent
from hanse.compute.worker.serving import Admit, Admitted, Command, Refused, decode_command


class Desk:
    """Takes the node's commands in order, and tells it what came of them.

    Args:
        say: writes one line to the node.
        lines: what the node writes; read on a thread of its own.
    """

    def __init__(self, say: Callable[[WorkerEvent], None], lines: BinaryIO) -> None:
        self.say = say
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(lines,), name="desk", daemon=True).start()

    @property
    def is_idle(self) -> bool:
        """Whether no command waits."""
        return self._commands.empty()

    def next(self) -> Command:
        """Wait for the next command.

        Raises:
            Cancelled: the node closed the line.
        """
        command = self._commands.get()
        if command is None:
            raise Cancelled("the node that started the service closed its line")
        return command

    def admit(self, ticket: str) -> Admitted | Refused:
        """Ask the node whether to take part in a round."""
        self.say(Admit(ticket))
        verdict = self.next()
        if isinstance(verdict, (Admitted, Refused)):
            return verdict
        raise BadInput("the node answered a ticket with another command")

    def _read(self, lines: BinaryIO) -> None:
        try:
            for line in lines:
                self._commands.put(decode_command(line))
        except (msgspec.DecodeError, OSError, ValueError):
            pass
        self._commands.put(None)
