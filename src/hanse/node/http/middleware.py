"""The outermost layer: request id, body limit, log line, metric, audit entry.

The audit entry is durable before the first byte of the answer leaves; when it cannot be
written the caller gets ``node.audit_unavailable`` instead, and nothing further is accepted
until the log can be written again.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.api.operations import OPERATIONS
from hanse.core.errors import HanseError
from hanse.core.ids import random_id
from hanse.node.audit.log import AuditLog
from hanse.node.errors import BodyTooLarge
from hanse.node.http.caller import Caller, RequestState
from hanse.node.http.errors import error_response
from hanse.node.observability.logs import bind_request, logger
from hanse.node.observability.metrics import Metrics

_log = logger("node.http")
_REQUEST_ID = re.compile(r"^[\w.-]{8,64}\Z")
_UPLOADS = frozenset(op.path for op in OPERATIONS.values() if op.sends == "multipart")
# Polled by machines every few seconds; they change and reveal nothing of the organisation's.
NOT_AUDITED = frozenset(
    {"node.health", "node.metrics", "node.errors", "node.show", "ledger.raw_blocks"}
)


class Outermost:
    """Wraps the application.

    Args:
        app: the FastAPI application.
        audit: where actions are recorded.
        metrics: where they are counted.
        max_body_bytes: largest body, uploads excepted.
        max_upload_bytes: largest upload.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        audit: AuditLog,
        metrics: Metrics,
        max_body_bytes: int,
        max_upload_bytes: int,
    ) -> None:
        self._app = app
        self._audit = audit
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = RequestState(_request_id(scope), Caller("public", _address(scope)))
        scope["hanse"] = state
        with bind_request(state.request_id):
            await self._handle(scope, receive, send, state)

    async def _handle(
        self, scope: Scope, receive: Receive, send: Send, state: RequestState
    ) -> None:
        started = time.perf_counter()
        answer = _Answer(send, state, self._record)
        limit = self._max_upload_bytes if scope["path"] in _UPLOADS else self._max_body_bytes
        try:
            await self._ready()
            _check_announced(scope, limit)
            await self._app(scope, _limited(receive, limit), answer)
        except HanseError as error:
            if not answer.started:
                state.error_code = error.code
                await error_response(error, state.request_id)(scope, receive, answer)
        except Exception:  # the application answered 500 already and passes the cause on
            _log.exception("request.failed", operation=state.operation)
        finally:
            self._finish(scope, state, answer.status, time.perf_counter() - started)

    async def _ready(self) -> None:
        """After a failed audit write nothing is done before one succeeds."""
        if not self._audit.is_writable:
            await asyncio.to_thread(
                self._audit.append,
                actor="node",
                operation="audit.resumed",
                target="",
                outcome="ok",
                request_id="",
            )

    async def _record(self, state: RequestState) -> None:
        if not state.operation or state.operation in NOT_AUDITED:
            return
        await asyncio.to_thread(
            self._audit.append,
            actor=state.caller.actor,
            operation=state.operation,
            target=state.target[:500],
            outcome=state.error_code or "ok",
            request_id=state.request_id,
        )

    def _finish(self, scope: Scope, state: RequestState, status: int, seconds: float) -> None:
        operation = state.operation or "unknown"
        self._metrics.http_seconds.labels(operation, str(status)).observe(seconds)
        if state.error_code:
            self._metrics.errors.labels(state.error_code).inc()
        quiet = state.operation in NOT_AUDITED and status < 400
        (_log.debug if quiet else _log.info)(
            "request",
            operation=operation,
            method=scope["method"],
            status=status,
            actor=state.caller.actor,
            target=state.target,
            code=state.error_code,
            milliseconds=round(seconds * 1000, 1),
        )


class _Answer:
    """Holds the head of the answer back until the audit entry is written."""

    def __init__(
        self,
        send: Send,
        state: RequestState,
        record: Callable[[RequestState], Awaitable[None]],
    ) -> None:
        self._send = send
        self._state = state
        self._record = record
        self._replaced = False
        self.started = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._replaced:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        try:
            await self._record(self._state)
        except HanseError as error:
            await self._replace(error)
            return
        self.started, self.status = True, message["status"]
        headers = [*message.get("headers", []), (b"x-request-id", self._state.request_id.encode())]
        await self._send({**message, "headers": headers})

    async def _replace(self, error: HanseError) -> None:
        self._state.error_code = error.code
        self.started, self.status, self._replaced = True, error.status, True
        response = error_response(error, self._state.request_id)
        await self._send(
            {
                "type": "http.response.start",
                "status": error.status,
                "headers": response.raw_headers,
            }
        )
        await self._send({"type": "http.response.body", "body": response.body})


def _check_announced(scope: Scope, limit: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge(f"the body has {int(value)} bytes, the limit is {limit}")


def _limited(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(f"the body exceeds the limit of {limit} bytes")
        return message

    return counted


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("ascii", "replace")
            if _REQUEST_ID.match(text):
                return text
    return random_id("rq")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
