"""Calling another node: paths from the operation table, errors by name."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from hanse.api.base import ErrorAnswer
from hanse.api.operations import OPERATIONS
from hanse.core.errors import HanseError
from hanse.node.errors import AnswerNotUnderstood, PeerUnreachable
from hanse.sdk.errors import rebuild

T = TypeVar("T")
DEFAULT_TIMEOUT_S = 20.0


class NodeHttp:
    """One connection pool to all other nodes.

    Args:
        ca_file: PEM with the authorities trusted for HTTPS; empty means the system's.
        transport: replaces the network in tests.
    """

    def __init__(
        self, ca_file: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        verify: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=ca_file) if ca_file else True
        )
        # trust_env off: a proxy from the environment must not see traffic between nodes.
        self._client = httpx.AsyncClient(
            verify=verify, trust_env=False, timeout=DEFAULT_TIMEOUT_S, transport=transport
        )

    async def call(
        self,
        base_url: str,
        operation: str,
        answer: type[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: BaseModel | None = None,
        content: bytes | None = None,
        token: str = "",
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> T:
        """Call an operation of another node and decode its answer.

        Raises:
            PeerUnreachable: no connection or no answer in time.
            AnswerNotUnderstood: something else answered.
            HanseError: the named error the other node gave.
        """
        declared = OPERATIONS[operation]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            content = body.model_dump_json(exclude_none=True).encode("utf-8")
            headers["content-type"] = "application/json"
        filled = declared.path.format_map(
            {name: quote(value, safe=":") for name, value in (path or {}).items()}
        )
        try:
            reply = await self._client.request(
                declared.method,
                base_url.rstrip("/") + filled,
                params=dict(query or {}),
                content=content,
                headers=headers,
                timeout=timeout_s,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            debug = f"{type(error).__name__}: {error}"
            raise PeerUnreachable(f"no answer from {base_url}", debug=debug) from error
        if reply.status_code >= 400:
            raise _named(reply)
        try:
            return TypeAdapter(answer).validate_json(reply.content)
        except ValidationError as error:
            raise AnswerNotUnderstood(f"{base_url} answered something else") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _named(reply: httpx.Response) -> HanseError:
    try:
        body = ErrorAnswer.model_validate_json(reply.content).error
    except ValidationError:
        return AnswerNotUnderstood(f"the peer answered {reply.status_code} without a named error")
    return rebuild(body, reply.status_code)
