"""Validators by height, nodes, open votes, reports of faults."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, func, select

from hanse.api.base import Page
from hanse.api.validators import (
    FaultReportView,
    RegisteredNodeView,
    ValidatorView,
    ValidatorVoteView,
)
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import fault_reports, nodes, validator_sets, validator_votes


def list_validators(connection: Connection, page: PageRequest, height: int) -> Page[ValidatorView]:
    """The set that votes on a block, by DID; empty in an embedded network."""
    begins = func.max(validator_sets.c.from_height)
    newest = select(begins).where(validator_sets.c.from_height <= height).scalar_subquery()
    query = (
        select(validator_sets, nodes.c.name, nodes.c.address, nodes.c.node_id)
        .outerjoin(nodes, nodes.c.did == validator_sets.c.did)
        .where(validator_sets.c.from_height == newest)
        .order_by(validator_sets.c.place)
    )
    if page.position is not None:
        query = query.where(validator_sets.c.place > page.position)
    rows = connection.execute(query.limit(page.limit + 1)).mappings().all()
    known, shown = names(connection), rows[: page.limit]
    more = str(shown[-1]["place"]) if len(rows) > page.limit else ""
    return Page(items=[_validator(row, known) for row in shown], next=more)


def list_nodes(connection: Connection, page: PageRequest) -> Page[RegisteredNodeView]:
    """Registered nodes, newest first, with the power decided last."""
    known, powers = names(connection), _newest_powers(connection)
    return fetch_page(
        connection, select(nodes), nodes.c.position, page, lambda row: _node(row, known, powers)
    )


def list_votes(
    connection: Connection, page: PageRequest, time_ms: int, *, did: str = ""
) -> Page[ValidatorVoteView]:
    """Votes that are not expired, of validators of the set decided last, newest first.

    Args:
        connection: to the views.
        page: which page.
        time_ms: block time by which votes expire.
        did: only votes on this member.
    """
    known, powers = names(connection), _newest_powers(connection)
    query = (
        select(validator_votes)
        .where(validator_votes.c.expires_ms > time_ms)
        .where(validator_votes.c.voter.in_(powers))
    )
    if did:
        query = query.where(validator_votes.c.did == did)
    return fetch_page(
        connection,
        query,
        validator_votes.c.position,
        page,
        lambda row: _vote(row, known, powers),
    )


def list_reports(
    connection: Connection, page: PageRequest, *, offender: str = ""
) -> Page[FaultReportView]:
    """Reports of faults, newest first."""
    known = names(connection)
    query = select(fault_reports)
    if offender:
        query = query.where(fault_reports.c.offender == offender)
    return fetch_page(
        connection, query, fault_reports.c.position, page, lambda row: _report(row, known)
    )


def _newest_powers(connection: Connection) -> dict[str, int]:
    newest = select(func.max(validator_sets.c.from_height)).scalar_subquery()
    query = select(validator_sets.c.did, validator_sets.c.power)
    rows = connection.execute(query.where(validator_sets.c.from_height == newest))
    return {row[0]: row[1] for row in rows}


def _validator(row: RowMapping, known: Mapping[str, str]) -> ValidatorView:
    return ValidatorView(
        did=row["did"],
        name=known.get(row["did"], row["name"] or ""),
        power=row["power"],
        address=row["address"] or "",
        node_id=row["node_id"] or "",
        engine_public=row["engine_public"],
        certificate_public=row["certificate_public"],
        from_height=row["from_height"],
    )


def _node(
    row: RowMapping, known: Mapping[str, str], powers: Mapping[str, int]
) -> RegisteredNodeView:
    return RegisteredNodeView(
        did=row["did"],
        name=known.get(row["did"], ""),
        node_name=row["name"],
        power=powers.get(row["did"], 0),
        address=row["address"],
        node_id=row["node_id"],
        engine_public=row["engine_public"],
        certificate_public=row["certificate_public"],
        registered_height=row["registered_height"],
        updated_height=row["updated_height"],
    )


def _vote(
    row: RowMapping, known: Mapping[str, str], powers: Mapping[str, int]
) -> ValidatorVoteView:
    return ValidatorVoteView(
        did=row["did"],
        name=known.get(row["did"], ""),
        power=row["power"],
        voter=row["voter"],
        voter_name=known.get(row["voter"], ""),
        voter_power=powers[row["voter"]],
        time_ms=row["time_ms"],
        expires_ms=row["expires_ms"],
        height=row["height"],
        transaction=row["transaction"],
    )


def _report(row: RowMapping, known: Mapping[str, str]) -> FaultReportView:
    return FaultReportView(
        offender=row["offender"],
        offender_name=known.get(row["offender"], ""),
        fault_height=row["fault_height"],
        kind=row["kind"],
        reporter=row["reporter"],
        reporter_name=known.get(row["reporter"], ""),
        evidence=row["evidence"],
        time_ms=row["time_ms"],
        expires_ms=row["expires_ms"],
        height=row["height"],
        transaction=row["transaction"],
    )
