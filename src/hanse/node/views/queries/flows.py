"""Flows with their steps, attempts, reports and money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select

from hanse.api.base import Page
from hanse.api.flows import AttemptReportView, FlowSummary, FlowView, ProgressView, StepView
from hanse.contracts.flows.rules import grants_of
from hanse.contracts.flows.spec import FlowSpec
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import flow_parties, flows, reports, steps

# By step and attempt: what an attempt that failed had reached says nothing of the one after it.
Progress = Mapping[tuple[str, int], ProgressView]


def list_flows(
    connection: Connection, page: PageRequest, own: str, *, state: str = "", all_: bool = False
) -> Page[FlowSummary]:
    """Flows this node is a party of, or all that the ledger knows."""
    query = select(flows)
    if not all_:
        mine = select(flow_parties.c.flow).where(flow_parties.c.did == own)
        query = query.where(flows.c.id.in_(mine))
    if state:
        query = query.where(flows.c.state == state)
    known = names(connection)
    return fetch_page(
        connection,
        query,
        flows.c.position,
        page,
        lambda row: FlowSummary(**_summary(row, known)),
    )


def get_flow(connection: Connection, flow: str, progress: Progress) -> FlowView:
    """One flow with everything; raises NothingFound.

    Args:
        connection: to the views.
        flow: identifier.
        progress: what this node's workers report, by step and attempt.
    """
    row = connection.execute(select(flows).where(flows.c.id == flow)).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such flow")
    known = names(connection)
    spec: dict[str, Any] = json.loads(row["spec"])
    return FlowView(
        **_summary(row, known),
        parties=spec["parties"],
        party_names={alias: known.get(did, "") for alias, did in spec["parties"].items()},
        grants=sorted(grants_of(msgspec.convert(spec, FlowSpec))),
        price_points=row["price_points"],
        payments=_payments(row),
        steps=_steps(connection, flow, spec, progress),
        reports=_reports(connection, flow, known),
        reason=row["reason"],
        code=row["code"],
        transaction=row["transaction"],
    )


def get_spec(connection: Connection, flow: str) -> dict[str, Any]:
    """The compiled form as deployed; raises NothingFound."""
    text = connection.execute(select(flows.c.spec).where(flows.c.id == flow)).scalar_one_or_none()
    if text is None:
        raise NothingFound("no such flow")
    spec: dict[str, Any] = json.loads(text)
    return spec


def _summary(row: RowMapping, known: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "purpose": row["purpose"],
        "state": row["state"],
        "initiator": row["initiator"],
        "initiator_name": known.get(row["initiator"], ""),
        "steps_done": row["steps_done"],
        "steps_total": row["steps_total"],
        "created_ms": row["created_ms"],
        "updated_ms": row["updated_ms"],
    }


def _payments(row: RowMapping) -> dict[str, int]:
    """Points by DID; empty until they are paid."""
    paid: dict[str, int] = {}
    if row["paid"]:
        for payment in json.loads(row["payments"]):
            paid[payment["to"]] = paid.get(payment["to"], 0) + payment["amount_points"]
    return paid


def _steps(
    connection: Connection, flow: str, spec: dict[str, Any], progress: Progress
) -> list[StepView]:
    declared = {step["id"]: step for step in spec["steps"]}
    rows = connection.execute(
        select(steps).where(steps.c.flow == flow).order_by(steps.c.place)
    ).mappings()
    return [
        StepView(
            id=row["step"],
            operator=declared[row["step"]]["operator"],
            protocol=declared[row["step"]]["protocol"],
            state=row["state"],
            attempt=row["attempt"],
            max_attempts=declared[row["step"]]["max_attempts"],
            owners=declared[row["step"]]["owners"],
            computes=declared[row["step"]]["computes"],
            receivers=declared[row["step"]]["receivers"],
            deadline_ms=row["deadline_ms"],
            started_ms=row["started_ms"] or None,
            completed_ms=row["completed_ms"] or None,
            progress=(
                progress.get((row["step"], row["attempt"])) if row["state"] == "STARTED" else None
            ),
        )
        for row in rows
    ]


def _reports(
    connection: Connection, flow: str, known: Mapping[str, str]
) -> list[AttemptReportView]:
    rows = connection.execute(
        select(reports).where(reports.c.flow == flow).order_by(reports.c.position)
    ).mappings()
    return [
        AttemptReportView(
            step=row["step"],
            attempt=row["attempt"],
            party=row["party"],
            party_name=known.get(row["party"], ""),
            phase=row["phase"],
            code=row["code"],
            message=row["message"],
            blamed=row["blamed"],
            transaction=row["transaction"],
            time_ms=row["time_ms"],
        )
        for row in rows
    ]
