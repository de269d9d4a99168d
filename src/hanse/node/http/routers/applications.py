"""Membership applications, at the operator's node."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from hanse.api.base import Page, ReasonRequest
from hanse.api.members import AdmitRequest, ApplicationView, SubmitApplicationRequest
from hanse.api.peer import ApplicationDecisionView
from hanse.core.encoding import b64url
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.operations import operation
from hanse.node.membership.applications import ApplicationInfo
from hanse.node.services import NODE_SERVICE

router = APIRouter()


@operation(router, "applications.submit")
def submit(
    request: Request, network: NetworkDep, body: SubmitApplicationRequest
) -> ApplicationView:
    """Apply for membership; the proof is checked, nothing else is believed."""
    network.admission.require_operator()
    info = network.applications.submit(
        document=body.document,
        proof=body.proof,
        name=body.name,
        roles=list(body.roles),
        controller=body.controller,
        details=body.details,
    )
    note_target(request, f"application={info.id} did={info.did}")
    return _view(info)


@operation(router, "applications.list")
def list_applications(
    network: NetworkDep, page: PageDep, state: Text = ""
) -> Page[ApplicationView]:
    """Applications, newest first."""
    rows = network.applications.page(before=page.position, limit=page.limit, state=state)
    shown = rows[: page.limit]
    after = str(shown[-1].number) if len(rows) > page.limit else ""
    return Page(items=[_view(info) for info in shown], next=after)


@operation(router, "applications.get")
def get_application(network: NetworkDep, id: str) -> ApplicationView:  # noqa: A002 - of the path
    """One application."""
    return _view(network.applications.get(id))


@operation(router, "applications.admit")
async def admit(network: NetworkDep, id: str, body: AdmitRequest) -> ApplicationView:  # noqa: A002
    """Admit: credential, registration on the ledger."""
    return _view(await network.admission.admit(id, body.roles, body.valid_until_ms))


@operation(router, "applications.reject")
async def reject(network: NetworkDep, id: str, body: ReasonRequest) -> ApplicationView:  # noqa: A002
    """Reject."""
    return _view(await network.admission.reject(id, body.reason))


@operation(router, "peer.application")
async def decision(network: NetworkDep, id: str) -> ApplicationDecisionView:  # noqa: A002
    """What became of an application; the credential in it only the applicant can open."""
    info = await asyncio.to_thread(network.applications.get, id)
    sealed = ""
    if info.state == "ADMITTED":
        sealed = b64url(await asyncio.to_thread(network.admission.sealed_credential, info))
    return ApplicationDecisionView.model_validate(
        {"state": info.state, "reason": info.reason, "credential": sealed}
    )


def _view(info: ApplicationInfo) -> ApplicationView:
    return ApplicationView.model_validate(
        {
            "id": info.id,
            "did": info.did,
            "name": info.name,
            "roles": list(info.roles),
            "controller": info.controller,
            "details": info.details,
            "endpoint": info.document.endpoint(NODE_SERVICE),
            "state": info.state,
            "reason": info.reason,
            "submitted_ms": info.created_ms,
            "decided_ms": info.decided_ms or None,
        }
    )
