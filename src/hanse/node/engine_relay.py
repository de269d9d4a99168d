"""Other members' engines, as an HTTP address on this machine.

The engine verifies a snapshot by headers it asks others' engines for, over plain HTTP. Those
have no port for that; the nodes speak to each other authenticated. So the engine asks here, at a
loopback address with a secret path, and the questions that are allowed go through the nodes.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.errors import QuestionNotAllowed
from hanse.ledger.bft.engine.questions import (
    MAX_QUESTION_BYTES,
    EngineQuestion,
    number_answer,
    read_question,
)
from hanse.node.http.quiet import QuietServer
from hanse.node.observability.logs import logger

Ask = Callable[[EngineQuestion], Awaitable[bytes]]
_log = logger("node.relay")
_UNAVAILABLE = b'{"error":{"code":-32603,"message":"Internal error","data":"no answer"}}'


@asynccontextmanager
async def relay(targets: Sequence[Ask]) -> AsyncIterator[tuple[str, ...]]:
    """Addresses (``host:port/path``), one for each target, while entered.

    Args:
        targets: pass a question on and return the other engine's answer.
    """
    paths = {f"/{secrets.token_hex(16)}": ask for ask in targets}
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        host, port = listener.getsockname()
        config = uvicorn.Config(
            _application(paths), log_config=None, access_log=False, lifespan="off", ws="none"
        )
        server = QuietServer(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield tuple(f"{host}:{port}{path}" for path in paths)
        finally:
            server.should_exit = server.force_exit = True
            await serving


def _application(paths: dict[str, Ask]) -> Callable[..., Awaitable[None]]:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        ask = paths.get(scope.get("path", "").rstrip("/"))
        if scope["type"] != "http" or ask is None or scope["method"] != "POST":
            await _respond(send, 404, b"")
            return
        try:
            number, question = read_question(await _body(receive))
        except QuestionNotAllowed:
            await _respond(send, 400, b"")
            return
        await _respond(send, 200, await _answer(ask, number, question))

    return application


async def _answer(ask: Ask, number: int, question: EngineQuestion) -> bytes:
    try:
        return number_answer(number, await ask(question))
    except HanseError as error:
        _log.warning("relay.no_answer", method=question.method, code=error.code)
        return number_answer(number, _UNAVAILABLE)


async def _body(receive: Any) -> bytes:
    body = b""
    while len(body) <= MAX_QUESTION_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


async def _respond(send: Any, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
