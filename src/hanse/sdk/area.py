"""Base of the areas of the client."""

from __future__ import annotations

from hanse.sdk.transport import Query, Transport


class Area:
    """The operations of one area; the method's name is the operation's verb."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport


def page(limit: int | None, after: str | None, **filters: str | int | None) -> Query:
    """Query of a list operation."""
    return {"limit": limit, "after": after, **filters}
