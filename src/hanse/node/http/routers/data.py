"""Tables in the node's vault."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from hanse.api.base import Page
from hanse.api.catalogue import DatasetView
from hanse.api.data import (
    ColumnView,
    ExportTableRequest,
    ImportTableRequest,
    PublishTableRequest,
    TableView,
)
from hanse.contracts.catalogue.messages import PublishDataset
from hanse.contracts.catalogue.types import DATASETS
from hanse.core.errors import HanseError, UnavailableError
from hanse.data.profile import ColumnProfile
from hanse.node.data.policy import odrl_offer, require_fields, require_operators
from hanse.node.data.tables import TableInfo, TablePublished
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.downloads import table_response
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.http.routers.catalogue import get_dataset
from hanse.node.http.uploads import receive_upload
from hanse.node.ledger_client import created_id
from hanse.node.network import Network

router = APIRouter()


@operation(router, "data.import_path")
async def import_path(request: Request, network: NetworkDep, body: ImportTableRequest) -> TableView:
    """Import a file that lies in one of the node's import directories."""
    path = network.imports.served_path(body.path)
    info = await network.imports.run(path, body.name, body.key_columns, body.types, ExitStack())
    note_target(request, f"table={info.id}")
    return await asyncio.to_thread(_view, network, info)


@operation(router, "data.upload")
async def upload(request: Request, network: NetworkDep) -> TableView:
    """Import an uploaded file; it is encrypted while it arrives."""
    held = ExitStack()
    try:
        scratch = held.enter_context(network.imports.scratch())
        received = await receive_upload(request, scratch, held)
    except BaseException:
        held.close()
        raise
    options = received.options
    info = await network.imports.run(
        received.source, options.name, options.key_columns, options.types, held
    )
    note_target(request, f"table={info.id}")
    return await asyncio.to_thread(_view, network, info)


@operation(router, "data.list")
def list_tables(
    network: NetworkDep, page: PageDep, q: Text = "", state: Text = ""
) -> Page[TableView]:
    """Tables, newest first."""
    rows = network.tables.page(before=page.position, limit=page.limit, q=q, state=state)
    shown = rows[: page.limit]
    after = str(shown[-1].number) if len(rows) > page.limit else ""
    return Page(items=[_view(network, info) for info in shown], next=after)


@operation(router, "data.get")
def get_table(network: NetworkDep, id: str) -> TableView:  # noqa: A002 - of the path
    """A table and its profile."""
    return _view(network, network.tables.get(id))


@operation(router, "data.delete")
def delete_table(network: NetworkDep, id: str) -> Response:  # noqa: A002 - of the path
    """Delete a table beyond recovery; not while a published dataset stands on it."""
    for dataset in network.tables.datasets_of(id):
        record = DATASETS.get(network.ledger.state, dataset)
        if record is not None and record.state == "PUBLISHED":
            raise TablePublished(f"dataset {dataset} stands on it")
    network.tables.delete(id)
    return Response(status_code=204)


@operation(router, "data.publish")
async def publish(
    request: Request,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: PublishTableRequest,
) -> DatasetView:
    """Put signed metadata into the catalogue; rows stay here."""
    table = await asyncio.to_thread(network.tables.ready, id)
    # Checked before anything is kept: bad input leaves no commitment behind.
    description = _description(table, body)
    checked = message(PublishDataset, {**description, "commitment": "0" * 64})
    require_operators(checked.operators)
    commitment = await asyncio.to_thread(network.publications.commit, table)
    order = message(PublishDataset, {**description, "commitment": commitment})
    try:
        receipt = await act(network, "catalogue", order)
    except UnavailableError:
        raise  # the outcome is unknown: the opening must stay
    except HanseError:
        await asyncio.to_thread(network.publications.forget, commitment)
        raise
    dataset = created_id(receipt, "catalogue", "DatasetPublished", "dataset")
    await asyncio.to_thread(network.publications.note, commitment, dataset)
    note_target(request, f"table={id} dataset={dataset}")
    return await asyncio.to_thread(get_dataset, network, dataset)


@operation(router, "data.export")
async def export(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ExportTableRequest,
) -> StreamingResponse:
    """An own table as a file."""
    info = await asyncio.to_thread(network.tables.ready, id)
    table = await asyncio.to_thread(network.vault.open_table, info.object_id)
    return table_response(table, body.format, file_name(info.name) or info.id)


def file_name(text: str) -> str:
    """A name that is safe in a header and on any disk."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80]


def _description(table: TableInfo, body: PublishTableRequest) -> dict[str, Any]:
    assert table.profile is not None
    types = {column.name: column.type for column in table.profile.columns}
    chosen = body.fields or list(types)
    require_fields(chosen, types)
    require_fields([*body.levels, *body.descriptions], chosen)
    terms = body.model_dump(
        include={
            "title", "description", "keywords", "level", "operators", "purposes",
            "price_points", "provenance",
        }
    )  # fmt: skip
    fields = [
        {
            "name": name,
            "type": types[name],
            "level": body.levels.get(name, body.level),
            "description": body.descriptions.get(name, ""),
        }
        for name in chosen
    ]
    return {
        **terms,
        "fields": fields,
        "row_count": table.rows if body.disclose_row_count else None,
        "policy": odrl_offer(terms) if body.policy is None else body.policy,
    }


def _view(network: Network, info: TableInfo) -> TableView:
    columns = [] if info.profile is None else [_column(item) for item in info.profile.columns]
    return TableView.model_validate(
        {
            "id": info.id,
            "name": info.name,
            "state": info.state,
            "rows": info.rows,
            "columns": columns,
            "key_columns": list(info.key_columns),
            "size_bytes": info.size_bytes,
            "datasets": network.tables.datasets_of(info.id),
            "created_ms": info.created_ms,
            "error_code": info.error_code,
            "error_message": info.error_message,
        }
    )


def _column(column: ColumnProfile) -> ColumnView:
    def text(value: int | float | str | None) -> str | None:
        return None if value is None else str(value)

    return ColumnView(
        name=column.name,
        type=column.type,
        missing=column.missing,
        distinct=column.distinct,
        minimum=text(column.minimum),
        maximum=text(column.maximum),
        mean=column.mean,
        stddev=column.stddev,
    )
