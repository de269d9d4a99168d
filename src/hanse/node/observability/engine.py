"""The ordering engine's own metrics, fetched when somebody asks for the node's."""

from __future__ import annotations

import asyncio

import httpx

from hanse.core.errors import HanseError
from hanse.node.node import Node
from hanse.node.observability.logs import logger

TIMEOUT_S = 2.0
MAX_BYTES = 1_048_576
_log = logger("node.metrics")


async def count_peers(node: Node) -> int | None:
    """Links of the engine to others, also set as gauge (NaN for None).

    None while the engine does not answer; 0 without one.
    """
    found: int | None = 0
    try:
        async with asyncio.timeout(TIMEOUT_S):
            found = 0 if node.network is None else await node.network.ledger.peers()
    except (HanseError, TimeoutError):
        found = None
    node.host.metrics.ledger_peers.set(float("nan") if found is None else found)
    return found


async def engine_metrics(node: Node) -> bytes:
    """The engine's metrics in Prometheus text format.

    Empty without an engine, when its metrics are switched off, and when they do not come within
    `TIMEOUT_S` or are larger than `MAX_BYTES`.
    """
    settings = node.host.settings
    port = settings.engine.metrics_port
    if node.network is None or settings.ledger.role != "participant" or not port:
        return b""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _fetch(f"http://127.0.0.1:{port}/metrics")
    except (httpx.HTTPError, TimeoutError) as error:
        _log.warning("metrics.engine_missing", why=type(error).__name__)
        return b""


async def _fetch(url: str) -> bytes:
    content = bytearray()
    async with (
        httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client,
        client.stream("GET", url, headers={"Accept": "text/plain"}) as answer,
    ):
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > MAX_BYTES:
                _log.warning("metrics.engine_too_large", limit_bytes=MAX_BYTES)
                return b""
    return bytes(content)
