"""Sealed messages by type: whoever handles a type registers for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hanse.identity.messages import ReceivedMessage
from hanse.node.errors import UnknownMessageType

Handler = Callable[[ReceivedMessage], Awaitable[None]]


class Dispatcher:
    """Type of message → handler."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register(self, type_: str, handler: Handler) -> None:
        """Handle a type of message; a type has one handler."""
        if type_ in self._handlers:
            raise ValueError(f"{type_} is handled already")
        self._handlers[type_] = handler

    async def dispatch(self, message: ReceivedMessage) -> None:
        """Hand a checked message on.

        Raises:
            UnknownMessageType: nobody registered for it.
            HanseError: whatever its handler refuses it for; the sender is told.
        """
        handler = self._handlers.get(message.type)
        if handler is None:
            raise UnknownMessageType(f"messages of type {message.type[:80]!r} are not handled here")
        await handler(message)
