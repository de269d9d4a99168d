"""Members' own algorithms."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from fastapi import APIRouter, Request

from hanse.api.algorithms import (
    AlgorithmView,
    ApproveAlgorithmRequest,
    PackageView,
    PublishAlgorithmRequest,
)
from hanse.api.base import Page, ReasonRequest
from hanse.compute.algorithms.manifest import plain_manifest, settings_of
from hanse.compute.algorithms.package import Package, make_package
from hanse.compute.algorithms.program import trace
from hanse.contracts.algorithms.messages import (
    ApproveAlgorithm,
    PublishAlgorithm,
    RevokeApproval,
    WithdrawAlgorithm,
)
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.views.queries import algorithms as queries

router = APIRouter()
TRACED_ROWS = 16
"""Rows a package is traced with before it is published."""


@operation(router, "algorithms.list")
def list_algorithms(
    network: NetworkDep, page: PageDep, author: Text = "", state: Text = ""
) -> Page[AlgorithmView]:
    """Algorithms of all members."""
    with network.views.read() as connection:
        return queries.list_algorithms(
            connection, page, network.packages.has, author=author, state=state
        )


@operation(router, "algorithms.show")
def show(network: NetworkDep, id: str) -> AlgorithmView:  # noqa: A002 - of the path
    """One version."""
    with network.views.read() as connection:
        return queries.get_algorithm(connection, id, network.packages.has)


@operation(router, "algorithms.package")
async def package(network: NetworkDep, id: str) -> PackageView:  # noqa: A002 - of the path
    """Its files."""
    held = await network.packages.fetch(id)
    return PackageView(
        id=id,
        fingerprint=held.fingerprint(network.ledger.suite),
        manifest=held.manifest_text,
        source=held.source,
    )


@operation(router, "algorithms.publish")
async def publish(
    request: Request, network: NetworkDep, body: PublishAlgorithmRequest
) -> AlgorithmView:
    """Check and trace the package, keep it, put its description on the ledger."""
    held = make_package(body.manifest, body.source)
    await asyncio.to_thread(_try_to_trace, held)
    fingerprint = await asyncio.to_thread(network.packages.keep, held)
    manifest = held.manifest
    values = {
        "name": manifest.name,
        "version": manifest.version,
        "fingerprint": fingerprint,
        "size_bytes": len(held.encode()),
        "manifest": plain_manifest(manifest),
        "levels": manifest.levels,
        "environment": {name: version(name) for name in ("jax", "spu")},
    }
    await act(network, "algorithms", message(PublishAlgorithm, values))
    note_target(request, f"algorithm={manifest.reference}")
    return await asyncio.to_thread(show, network, manifest.reference)


@operation(router, "algorithms.approve")
async def approve(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ApproveAlgorithmRequest,
) -> AlgorithmView:
    """Fetch and check the package, then sign the approval."""
    await network.packages.fetch(id)
    values = {"algorithm": id, "fingerprint": body.fingerprint}
    await act(network, "algorithms", message(ApproveAlgorithm, values))
    return await asyncio.to_thread(show, network, id)


@operation(router, "algorithms.revoke")
async def revoke(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> AlgorithmView:
    """Take the own approval back."""
    values = {"algorithm": id, "reason": body.reason}
    await act(network, "algorithms", message(RevokeApproval, values))
    return await asyncio.to_thread(show, network, id)


@operation(router, "algorithms.withdraw")
async def withdraw(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> AlgorithmView:
    """Withdraw an own version."""
    values = {"algorithm": id, "reason": body.reason}
    await act(network, "algorithms", message(WithdrawAlgorithm, values))
    return await asyncio.to_thread(show, network, id)


def _try_to_trace(held: Package) -> None:
    trace(held, TRACED_ROWS, settings_of(held.manifest, []), "")
