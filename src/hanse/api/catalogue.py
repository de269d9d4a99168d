"""The shared catalogue: datasets and computing resources (DCAT terms)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import Level, Name, Page, Points, ReasonRequest, Request, Text, View
from hanse.api.operation import Operation

CatalogueState = Literal["PUBLISHED", "WITHDRAWN"]
Protocol = Literal["aby3", "cheetah", "rr22", "local"]


class FieldView(View):
    """One field of a dataset."""

    name: str
    type: str
    level: int
    description: str = ""


class DatasetView(View):
    """A catalogue entry. ``table`` names the local table when this node is the owner."""

    id: str
    owner: str
    owner_name: str = ""
    title: str
    description: str = ""
    keywords: list[str] = Field(default_factory=list)
    fields: list[FieldView]
    row_count: int | None = None
    commitment: str = ""
    level: int
    operators: list[str]
    purposes: list[str]
    price_points: int = 0
    provenance: dict[str, str] = Field(default_factory=dict)
    policy: dict[str, Any] = Field(default_factory=dict)
    state: CatalogueState
    published_ms: int = 0
    updated_ms: int = 0
    table: str = ""


class UpdateDatasetRequest(Request):
    """Change of a catalogue entry; None leaves a term as it is."""

    title: Name | None = None
    description: Text | None = None
    keywords: list[Name] | None = None
    level: Level | None = None
    levels: dict[str, Level] | None = None
    operators: list[Name] | None = None
    purposes: list[Name] | None = None
    price_points: Points | None = None


class PublishResourceRequest(Request):
    """Computing capacity on offer."""

    protocols: Annotated[list[Protocol], Field(min_length=1)]
    price_points: Points = 0
    cores: Annotated[int, Field(ge=1, le=4_096)]
    memory_bytes: Annotated[int, Field(ge=1, le=2**53 - 1)]


class ResourceView(View):
    """A computing resource in the catalogue."""

    id: str
    owner: str
    owner_name: str = ""
    kind: str = "compute"
    protocols: list[str]
    price_points: int = 0
    cores: int
    memory_bytes: int
    state: CatalogueState


OPERATIONS = (
    Operation(
        "catalogue.datasets",
        "GET",
        "/v1/catalogue/datasets",
        "Search datasets",
        Page[DatasetView],
        query=("q", "owner", "keyword", "field", "purpose", "operator", "max_level", "state"),
    ),
    Operation(
        "catalogue.dataset",
        "GET",
        "/v1/catalogue/datasets/{id}",
        "Show a dataset",
        DatasetView,
    ),
    Operation(
        "catalogue.update_dataset",
        "PATCH",
        "/v1/catalogue/datasets/{id}",
        "Change an own entry",
        DatasetView,
        UpdateDatasetRequest,
    ),
    Operation(
        "catalogue.withdraw_dataset",
        "POST",
        "/v1/catalogue/datasets/{id}/withdraw",
        "Withdraw an own entry",
        DatasetView,
        ReasonRequest,
    ),
    Operation(
        "catalogue.resources",
        "GET",
        "/v1/catalogue/resources",
        "List computing resources",
        Page[ResourceView],
        query=("owner", "protocol", "state"),
    ),
    Operation(
        "catalogue.resource",
        "GET",
        "/v1/catalogue/resources/{id}",
        "Show a resource",
        ResourceView,
    ),
    Operation(
        "catalogue.publish_resource",
        "POST",
        "/v1/catalogue/resources",
        "Offer computing capacity",
        ResourceView,
        PublishResourceRequest,
        status=201,
    ),
    Operation(
        "catalogue.withdraw_resource",
        "POST",
        "/v1/catalogue/resources/{id}/withdraw",
        "Withdraw a resource",
        ResourceView,
        ReasonRequest,
    ),
)
