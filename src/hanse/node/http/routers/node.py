"""The node itself: who it is, how it is, its errors."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from hanse.api.node import ErrorCatalogueView, ErrorEntry, HealthView, NodeView
from hanse.contracts.identity.queries import get_member
from hanse.core.errors import HanseError, catalogue
from hanse.ledger.genesis import genesis_hash
from hanse.node.http.dependencies import NodeDep
from hanse.node.http.operations import operation
from hanse.node.observability.engine import count_peers, engine_metrics
from hanse.node.observability.health import check_health

router = APIRouter()


@operation(router, "node.show")
def show_node(node: NodeDep) -> NodeView:
    """Who the node is and its place in the network."""
    host, network = node.host, node.network
    member = None if network is None else get_member(network.ledger.state, node.identity.did)
    applying = "" if node.applicant is None else node.applicant.status.state
    return NodeView.model_validate(
        {
            "name": host.settings.name,
            "did": node.identity.did,
            "suite": host.suite.name,
            "version": version("hanse"),
            "chain": "" if node.genesis is None else genesis_hash(node.genesis),
            "network": "" if node.genesis is None else node.genesis.name,
            "ledger_role": host.settings.ledger.role,
            "height": 0 if network is None else network.ledger.height,
            "member_state": member.state if member is not None else applying,
            "roles": [] if member is None else list(member.roles),
            "endpoint": host.settings.url,
        }
    )


@operation(router, "node.health")
async def health(node: NodeDep, response: Response) -> HealthView:
    """Every part that was looked at; 503 when one does not work."""
    peers = await count_peers(node)
    found = await asyncio.to_thread(check_health, node, peers)
    if not found.ok:
        response.status_code = 503
    return found


@operation(router, "node.metrics")
async def metrics(node: NodeDep) -> Response:
    """Prometheus text format: the node's, then the ordering engine's."""
    engine, _ = await asyncio.gather(engine_metrics(node), count_peers(node))
    text = await asyncio.to_thread(node.host.metrics.text)
    return Response(text + engine, media_type=CONTENT_TYPE_LATEST)


@operation(router, "node.errors")
def errors() -> ErrorCatalogueView:
    """Every error this node may answer with."""
    return ErrorCatalogueView(
        items=[_entry(code, class_) for code, class_ in sorted(catalogue().items())]
    )


def _entry(code: str, class_: type[HanseError]) -> ErrorEntry:
    parents = [parent.__name__ for parent in class_.__mro__[1:] if parent.__module__ == _ROOT]
    kind = next((name for name in parents if name != "HanseError"), class_.__name__)
    return ErrorEntry(
        code=code,
        kind=kind.removesuffix("Error").lower(),
        status=class_.status,
        exit_code=class_.exit_code,
        retryable=class_.retryable,
        help=class_.help,
    )


_ROOT = HanseError.__module__
