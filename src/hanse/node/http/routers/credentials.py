"""Role credentials: held, issued, verified, their status."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter

from hanse.api.base import Page, ReasonRequest
from hanse.api.members import CredentialView, ReissuedView, VerifyCredentialRequest
from hanse.contracts.identity.queries import get_member
from hanse.identity.credentials import (
    Credential,
    is_signed_now,
    read_credential,
    verify_credential,
)
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.operations import operation
from hanse.node.membership.registry import LedgerCredentials
from hanse.node.network import Network
from hanse.node.node import Node

router = APIRouter()
Status = Literal["ACTIVE", "SUSPENDED", "REVOKED", "EXPIRED", "STALE"]


@operation(router, "credentials.list")
def list_credentials(
    node: NodeDep, network: NetworkDep, page: PageDep, side: Text = "", status: Text = ""
) -> Page[CredentialView]:
    """Credentials held and issued."""
    wallet = node.host.wallet
    found = [_view(node, network, "held", token) for token in wallet.list_held()]
    found += [_view(node, network, "issued", token) for token in wallet.list_issued()]
    found = [
        item
        for item in sorted(found, key=lambda item: item.id)
        if side in ("", item.side) and status in ("", item.status) and item.id > page.after
    ]
    shown = found[: page.limit]
    return Page(items=shown, next=shown[-1].id if len(found) > len(shown) else "")


@operation(router, "credentials.get")
def get_credential(node: NodeDep, network: NetworkDep, id: str) -> CredentialView:  # noqa: A002
    """One credential."""
    side, token = node.host.wallet.find(id)
    return _view(node, network, "held" if side == "held" else "issued", token)


@operation(router, "credentials.verify")
def verify(node: NodeDep, network: NetworkDep, body: VerifyCredentialRequest) -> CredentialView:
    """Verify a credential somebody presented: signature, issuer, validity, status."""
    verify_credential(
        node.host.suite,
        network.resolver(),
        LedgerCredentials(network.ledger.state),
        body.jwt,
        node.host.clock(),
    )
    return _view(node, network, "held", body.jwt)


@operation(router, "credentials.suspend")
async def suspend(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> CredentialView:
    """Suspend an issued credential."""
    return await _set(node, network, id, "suspension", True)


@operation(router, "credentials.reinstate")
async def reinstate(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> CredentialView:
    """Lift the suspension."""
    return await _set(node, network, id, "suspension", False)


@operation(router, "credentials.revoke")
async def revoke(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> CredentialView:
    """Revoke for good."""
    return await _set(node, network, id, "revocation", True)


@operation(router, "credentials.reissue")
async def reissue(node: NodeDep, network: NetworkDep) -> ReissuedView:
    """Issue anew what was signed with a key rotated away."""
    tokens = await network.reissue.run()
    return ReissuedView(items=[_view(node, network, "issued", token) for token in tokens])


async def _set(
    node: Node,
    network: Network,
    credential: str,
    purpose: Literal["revocation", "suspension"],
    value: bool,
) -> CredentialView:
    _, token = await asyncio.to_thread(node.host.wallet.find, credential)
    parsed = read_credential(node.host.suite, token)
    await network.issuer.set_status(parsed, purpose, value)
    return await asyncio.to_thread(get_credential, node, network, credential)


def _view(
    node: Node, network: Network, side: Literal["held", "issued"], token: str
) -> CredentialView:
    credential = read_credential(node.host.suite, token)
    return CredentialView(
        id=credential.id,
        side=side,
        issuer=credential.issuer,
        issuer_name=_name(network, credential.issuer),
        subject=credential.subject,
        subject_name=_name(network, credential.subject),
        roles=credential.roles,
        details=credential.details,
        valid_from_ms=credential.valid_from_ms,
        valid_until_ms=credential.valid_until_ms,
        status=_status(node, network, credential, token),
        jwt=token,
    )


def _name(network: Network, did: str) -> str:
    member = get_member(network.ledger.state, did)
    return "" if member is None else member.name


def _status(node: Node, network: Network, credential: Credential, token: str) -> Status:
    registry = LedgerCredentials(network.ledger.state)
    set_ = {
        entry.purpose
        for entry in credential.status
        if registry.status(entry.status_list, entry.index).is_set
    }
    if "revocation" in set_:
        return "REVOKED"
    if credential.valid_until_ms <= node.host.clock():
        return "EXPIRED"
    if not is_signed_now(node.host.suite, network.resolver(), token):
        return "STALE"
    return "SUSPENDED" if "suspension" in set_ else "ACTIVE"
