"""The HTTP application of a node."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from hanse.api.operations import OPERATIONS
from hanse.node.errors import NotPeer
from hanse.node.http.errors import install_error_handlers
from hanse.node.http.guard import Gate
from hanse.node.http.middleware import Outermost
from hanse.node.http.permissions import check_complete
from hanse.node.http.rate_limit import RateLimiter
from hanse.node.http.routers import (
    algorithms,
    applications,
    audit,
    catalogue,
    consensus,
    credentials,
    data,
    evidence,
    flows,
    grants,
    identity,
    issuers,
    ledger,
    members,
    models,
    operators,
    peer,
    points,
    privacy,
    rights,
    services,
    session,
    templates,
    upkeep,
    validators,
)
from hanse.node.http.routers import node as node_router
from hanse.node.node import Node

_ROUTERS = (
    session,
    node_router,
    applications,
    members,
    models,
    identity,
    issuers,
    credentials,
    ledger,
    consensus,
    upkeep,
    data,
    catalogue,
    operators,
    algorithms,
    grants,
    rights,
    services,
    templates,
    flows,
    points,
    privacy,
    validators,
    evidence,
    audit,
    peer,
)
_DESCRIPTION = (
    "The API of one organisation's node. Errors answer "
    '{"error": {code, message, help, retryable, request_id}}; GET /v1/errors lists every code.'
)


class _PeersOf:
    """Peer tokens of a node whose network may not be there yet."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def check(self, token: str) -> str:
        """DID of the holder; raises NotPeer."""
        if self._node.network is None:
            raise NotPeer()
        return self._node.network.peer_tokens.check(token)


def build_app(node: Node) -> ASGIApp:
    """Routes, gate, error handlers and the outermost layer.

    Raises:
        ValueError: an operation has no route or no permission entry.
    """
    check_complete()
    limits = node.host.settings.limits
    app = FastAPI(
        title="Hanse node",
        description=_DESCRIPTION,
        version=version("hanse"),
        docs_url=None,
        redoc_url=None,
    )
    app.state.node = node
    app.state.gate = Gate(
        users=node.tokens,
        peers=_PeersOf(node),
        limits=limits,
        limiter=RateLimiter(limits.window_seconds * 1000, node.host.clock),
        metrics=node.host.metrics,
    )
    for module in _ROUTERS:
        app.include_router(module.router)
    _check_routes()
    install_error_handlers(app)
    return Outermost(
        app,
        audit=node.host.audit,
        metrics=node.host.metrics,
        max_body_bytes=node.host.settings.http.max_body_bytes,
        max_upload_bytes=node.host.settings.http.max_upload_bytes,
    )


def _check_routes() -> None:
    routed = {
        getattr(route, "operation_id", None)
        for module in _ROUTERS
        for route in module.router.routes
    }
    if missing := sorted(OPERATIONS.keys() - routed):
        raise ValueError(f"operations without a route: {', '.join(missing)}")
