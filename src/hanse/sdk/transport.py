"""One place that speaks HTTP: paths and methods from the operation table, errors by name."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from hanse.api.errors import InvalidRequest
from hanse.api.operation import Operation
from hanse.api.operations import operation
from hanse.sdk.errors import NodeTimedOut, NodeUnreachable, NotANode, from_answer

T = TypeVar("T")
Query = Mapping[str, str | int | None]
TokenSource = Callable[[], str]
Renewal = Callable[[str], bool]


class Transport:
    """HTTP to one node.

    Args:
        url: address of the node, ``http(s)://host:port``.
        token: gives the bearer token when an operation needs one; empty means none.
        renew: called with a token that was refused; True when there is a fresh one.
        timeout_s: for connecting and for each read; long imports answer at once and are polled.
        ca_file: PEM of the authority that signed the node's TLS certificate.
    """

    def __init__(
        self,
        url: str,
        token: TokenSource,
        renew: Renewal,
        *,
        timeout_s: float = 30.0,
        ca_file: Path | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._renew = renew
        verify: ssl.SSLContext | bool = True
        if ca_file is not None:
            verify = ssl.create_default_context(cafile=str(ca_file))
        try:
            # trust_env off: a proxy from the environment must not see tokens for a bank's node.
            self._http = httpx.Client(
                base_url=self.url, timeout=timeout_s, verify=verify, trust_env=False
            )
        except httpx.InvalidURL as error:
            raise NodeUnreachable(f"{self.url!r} is no address") from error

    def call(
        self,
        id_: str,
        answer: type[T],
        *,
        path: Mapping[str, str | int] | None = None,
        query: Query | None = None,
        body: BaseModel | None = None,
        timeout_s: float | None = None,
    ) -> T:
        """Call an operation and decode its JSON answer.

        Raises:
            HanseError: the node's named error, or one of `hanse.sdk.errors`.
        """
        content = None if body is None else body.model_dump_json(exclude_none=True)
        headers = {} if content is None else {"content-type": "application/json"}
        reply = self.send(
            id_, path=path, query=query, content=content, headers=headers, timeout_s=timeout_s
        )
        return self.decode(reply, answer)

    def run(
        self,
        id_: str,
        *,
        path: Mapping[str, str | int] | None = None,
        body: BaseModel | None = None,
    ) -> None:
        """Call an operation whose answer is empty."""
        content = None if body is None else body.model_dump_json(exclude_none=True)
        headers = {} if content is None else {"content-type": "application/json"}
        self.send(id_, path=path, content=content, headers=headers)

    def send(
        self,
        id_: str,
        *,
        path: Mapping[str, str | int] | None = None,
        query: Query | None = None,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Send a request as declared and return the answer when it is below 400.

        Args:
            sent: ``content``, or ``files`` and ``data`` for multipart, as httpx takes them.
        """
        declared = operation(id_)
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(timeout_s)
        authorization = self._authorization(declared)

        def once() -> httpx.Response:
            with self._named_errors():
                return self._http.request(
                    declared.method,
                    fill(declared.path, path or {}),
                    params=given(query or {}),
                    headers={**authorization, **(headers or {})},
                    timeout=timeout,
                    **sent,
                )

        reply = once()
        # A file was read to its end by the first try; only what can be sent again is.
        if reply.status_code == 401 and "files" not in sent and self._renewed(authorization):
            authorization = self._authorization(declared)
            reply = once()
        return self._checked(reply, id_)

    @contextlib.contextmanager
    def stream(
        self,
        id_: str,
        *,
        path: Mapping[str, str | int],
        query: Query | None = None,
        body: BaseModel | None = None,
    ) -> Iterator[httpx.Response]:
        """An operation whose answer is a file, read piece by piece."""
        declared = operation(id_)
        content = None if body is None else body.model_dump_json(exclude_none=True)
        with (
            self._named_errors(),
            self._http.stream(
                declared.method,
                fill(declared.path, path),
                params=given(query or {}),
                content=content,
                headers={
                    **self._authorization(declared),
                    **({"content-type": "application/json"} if content else {}),
                },
            ) as reply,
        ):
            if reply.status_code >= 400:
                reply.read()
            yield self._checked(reply, id_)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _authorization(self, declared: Operation) -> dict[str, str]:
        if declared.id == "session.login":
            return {}
        token = self._token() if declared.access != "public" else ""
        return {"authorization": f"Bearer {token}"} if token else {}

    def _renewed(self, authorization: Mapping[str, str]) -> bool:
        used = authorization.get("authorization", "").removeprefix("Bearer ")
        return bool(used) and self._renew(used)

    def _checked(self, reply: httpx.Response, id_: str) -> httpx.Response:
        if reply.status_code < 400 or (id_ == "node.health" and reply.status_code == 503):
            return reply
        raise from_answer(reply.status_code, reply.content, self.url)

    def decode(self, reply: httpx.Response, answer: type[T]) -> T:
        """Decode a JSON answer.

        Raises:
            NotANode: when it has another shape.
        """
        try:
            decoded: T = _adapter(cast(Hashable, answer)).validate_json(reply.content)
        except ValidationError as error:
            raise NotANode(
                f"{self.url} answered something else than a {answer!r}", debug=str(error)
            ) from error
        return decoded

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectTimeout as error:
            raise NodeUnreachable(f"no connection to {self.url} in time") from error
        except httpx.TimeoutException as error:
            raise NodeTimedOut(f"{self.url} did not answer in time") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise NodeUnreachable(f"no connection to {self.url}", debug=repr(error)) from error


@lru_cache(maxsize=256)
def _adapter(answer: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, answer))


def fill(template: str, path: Mapping[str, str | int]) -> str:
    """Put path parameters into a template; what is special in a URL is escaped.

    Raises:
        InvalidRequest: for what would name another path.
    """
    for name, value in path.items():
        if str(value) in {"", ".", ".."}:
            raise InvalidRequest(f"{name}: must name something")
    return template.format_map({k: quote(str(v), safe=":") for k, v in path.items()})


def given(query: Query) -> dict[str, str | int]:
    """The query parameters that were given."""
    return {name: value for name, value in query.items() if value is not None}
