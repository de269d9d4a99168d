"""How an operation of ``/v1`` is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from hanse.api.base import Page

Access = Literal["public", "user", "peer"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Encoding = Literal["json", "multipart", "bytes"]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        id: ``area.verb``; OpenAPI's operationId, the SDK's ``client.area.verb``.
        access: ``public`` needs no token, ``user`` a session or API token, ``peer`` another
            node's token (users may call those too where a GET only reads the ledger).
        response: model of the JSON answer, or None for an empty one (204).
        query: names of query parameters; lists take ``limit`` (1 to 500) and ``after`` besides.
        sends: how the request body is encoded.
        answers: ``bytes`` when the answer is a file and not JSON.
    """

    id: str
    method: Method
    path: str
    summary: str
    response: Any = None
    request: type[BaseModel] | None = None
    access: Access = "user"
    status: int = 200
    query: tuple[str, ...] = ()
    sends: Encoding = "json"
    answers: Encoding = "json"

    @property
    def area(self) -> str:
        """First part of the id."""
        return self.id.split(".", 1)[0]

    @property
    def verb(self) -> str:
        """Second part of the id."""
        return self.id.split(".", 1)[1]

    @property
    def paged(self) -> bool:
        """Whether the answer is one page of a list."""
        return isinstance(self.response, type) and issubclass(self.response, Page)
