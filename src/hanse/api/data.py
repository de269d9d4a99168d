"""Tables in the node's vault: import, profile, export, publication."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import ColumnType, Level, Name, Page, Points, Request, Text, View
from hanse.api.catalogue import DatasetView
from hanse.api.operation import Operation


class ImportOptions(Request):
    """How to read a file. Types are detected where not given."""

    name: Name
    key_columns: list[Name] = Field(default_factory=list)
    types: dict[str, ColumnType] = Field(default_factory=dict)


class ImportTableRequest(ImportOptions):
    """Import of a CSV or Parquet file that lies in the node's import directory."""

    path: Annotated[str, Field(min_length=1, max_length=4_096)]


class ColumnView(View):
    """A column's profile. Statistics are for numeric columns; they stay at the node."""

    name: str
    type: ColumnType
    missing: int = 0
    distinct: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    stddev: float | None = None


class TableView(View):
    """A table in the vault. Rows are not part of any view.

    Attributes:
        state: IMPORTING until profile and digest stand; FAILED keeps the error.
        rows: rows read so far while IMPORTING.
        commitment: salted commitment to the content digest, hex.
        datasets: catalogue entries this table was published under.
    """

    id: str
    name: str
    state: Literal["IMPORTING", "READY", "FAILED"] = "READY"
    rows: int
    columns: list[ColumnView] = Field(default_factory=list)
    key_columns: list[str] = Field(default_factory=list)
    size_bytes: int = 0
    commitment: str = ""
    datasets: list[str] = Field(default_factory=list)
    created_ms: int
    error_code: str = ""
    error_message: str = ""


class PublishTableRequest(Request):
    """Metadata for the catalogue; signed and put on the ledger.

    Attributes:
        fields: columns to publish; all when empty. Only these can be granted.
        levels: level by field where it differs from ``level``.
        operators: names of operators that may be applied.
        disclose_row_count: whether the row count is public.
        policy: ODRL policy; derived from the other terms when None.
    """

    title: Name
    description: Text = ""
    keywords: list[Name] = Field(default_factory=list)
    fields: list[Name] = Field(default_factory=list)
    level: Level = 3
    levels: dict[str, Level] = Field(default_factory=dict)
    descriptions: dict[str, str] = Field(default_factory=dict)
    operators: Annotated[list[Name], Field(min_length=1)]
    purposes: Annotated[list[Name], Field(min_length=1)]
    price_points: Points = 0
    provenance: dict[str, str] = Field(default_factory=dict)
    disclose_row_count: bool = True
    policy: dict[str, Any] | None = None


class ExportTableRequest(Request):
    """Export of an own table; the answer is the file."""

    format: Literal["csv", "parquet"] = "csv"


OPERATIONS = (
    Operation(
        "data.import_path",
        "POST",
        "/v1/data/tables",
        "Import a file at the node",
        TableView,
        ImportTableRequest,
        status=201,
    ),
    Operation(
        "data.upload",
        "POST",
        "/v1/data/tables/upload",
        "Import an uploaded file",
        TableView,
        ImportOptions,
        status=201,
        sends="multipart",
    ),
    Operation(
        "data.list", "GET", "/v1/data/tables", "List tables", Page[TableView], query=("q", "state")
    ),
    Operation("data.get", "GET", "/v1/data/tables/{id}", "Show a table and its profile", TableView),
    Operation(
        "data.delete",
        "DELETE",
        "/v1/data/tables/{id}",
        "Delete a table beyond recovery",
        status=204,
    ),
    Operation(
        "data.publish",
        "POST",
        "/v1/data/tables/{id}/publish",
        "Publish metadata to the catalogue",
        DatasetView,
        PublishTableRequest,
        status=201,
    ),
    Operation(
        "data.export",
        "POST",
        "/v1/data/tables/{id}/export",
        "Export a table as a file",
        bytes,
        ExportTableRequest,
        answers="bytes",
    ),
)
