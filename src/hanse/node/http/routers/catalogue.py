"""The shared catalogue: datasets and computing resources."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request

from hanse.api.base import Page, ReasonRequest
from hanse.api.catalogue import (
    DatasetView,
    PublishResourceRequest,
    ResourceView,
    UpdateDatasetRequest,
)
from hanse.contracts.catalogue.messages import (
    PublishResource,
    UpdateDataset,
    WithdrawDataset,
    WithdrawResource,
)
from hanse.contracts.catalogue.types import DATASETS
from hanse.node.data.policy import odrl_offer, require_fields, require_operators
from hanse.node.errors import NothingFound
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.ledger_client import created_id
from hanse.node.network import Network
from hanse.node.views.queries import catalogue as queries

router = APIRouter()


@operation(router, "catalogue.datasets")
def search_datasets(
    network: NetworkDep,
    page: PageDep,
    q: Text = "",
    owner: Text = "",
    keyword: Text = "",
    field: Text = "",
    purpose: Text = "",
    operator: Text = "",
    max_level: Annotated[int | None, Query(ge=1, le=5)] = None,
    state: Text = "",
) -> Page[DatasetView]:
    """Search datasets; words of ``q`` are found inside longer ones, in any script."""
    wanted = queries.DatasetFilter(q, owner, keyword, field, purpose, operator, max_level, state)
    tables = network.publications.tables_by_dataset()
    with network.views.read() as connection:
        return queries.search_datasets(connection, page, wanted, tables)


@operation(router, "catalogue.dataset")
def get_dataset(network: NetworkDep, id: str) -> DatasetView:  # noqa: A002 - of the path
    """One dataset."""
    tables = network.publications.tables_by_dataset()
    with network.views.read() as connection:
        return queries.get_dataset(connection, id, tables)


@operation(router, "catalogue.update_dataset")
async def update_dataset(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: UpdateDatasetRequest,
) -> DatasetView:
    """Change an own entry; what is not given stays."""
    changed = message(UpdateDataset, _changed(network, id, body))
    require_operators(body.operators or [])
    await act(network, "catalogue", changed)
    return await asyncio.to_thread(get_dataset, network, id)


@operation(router, "catalogue.withdraw_dataset")
async def withdraw_dataset(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> DatasetView:
    """Withdraw an own entry."""
    await act(network, "catalogue", message(WithdrawDataset, {"dataset": id}))
    return await asyncio.to_thread(get_dataset, network, id)


@operation(router, "catalogue.resources")
def list_resources(
    network: NetworkDep, page: PageDep, owner: Text = "", protocol: Text = "", state: Text = ""
) -> Page[ResourceView]:
    """Computing resources."""
    with network.views.read() as connection:
        return queries.list_resources(connection, page, owner=owner, protocol=protocol, state=state)


@operation(router, "catalogue.resource")
def get_resource(network: NetworkDep, id: str) -> ResourceView:  # noqa: A002 - of the path
    """One resource."""
    with network.views.read() as connection:
        return queries.get_resource(connection, id)


@operation(router, "catalogue.publish_resource")
async def publish_resource(
    request: Request, network: NetworkDep, body: PublishResourceRequest
) -> ResourceView:
    """Offer computing capacity."""
    receipt = await act(network, "catalogue", message(PublishResource, body.model_dump()))
    resource = created_id(receipt, "catalogue", "ResourcePublished", "resource")
    note_target(request, f"resource={resource}")
    return await asyncio.to_thread(get_resource, network, resource)


@operation(router, "catalogue.withdraw_resource")
async def withdraw_resource(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> ResourceView:
    """Take it back."""
    await act(network, "catalogue", message(WithdrawResource, {"resource": id}))
    return await asyncio.to_thread(get_resource, network, id)


def _changed(network: Network, dataset: str, body: UpdateDatasetRequest) -> dict[str, Any]:
    """The whole new description: the present one with the changes."""
    record = DATASETS.get(network.ledger.state, dataset)
    if record is None:
        raise NothingFound("no such dataset")
    values: dict[str, Any] = msgspec.to_builtins(record)
    kept = {name: values[name] for name in UpdateDataset.__struct_fields__ if name in values}
    given = body.model_dump(exclude_none=True)
    levels: dict[str, int] = given.pop("levels", {})
    require_fields(levels, [field["name"] for field in kept["fields"]])
    if kept["policy"] == odrl_offer(kept):
        kept["policy"] = {}
    changed = {**kept, **given, "dataset": dataset}
    changed["fields"] = [
        {**field, "level": levels.get(field["name"], field["level"])} for field in kept["fields"]
    ]
    changed["policy"] = changed["policy"] or odrl_offer(changed)
    return changed
