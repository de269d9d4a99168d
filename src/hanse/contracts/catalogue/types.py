"""Records of the catalogue: signed metadata of datasets and computing resources.

Names follow DCAT 3 (title, description, keyword, provenance) and ODRL 2.2 (policy).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Level, Short, Slug, Term, Text
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

FieldType = Literal["int64", "float64", "text", "bool", "date", "timestamp"]
EntryState = Literal["PUBLISHED", "WITHDRAWN"]
OperatorName = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z_][A-Za-z0-9_-]{0,63}"
        r"(:[a-z][a-z0-9_]{0,39}@[0-9]{1,6}(\.[0-9]{1,6}){2})?|\*)\Z",
        max_length=128,
    ),
]
"""As in a grant's terms, or ``*`` for any."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a dataset. ``level`` is its own sensitivity, 1 to 5."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    type: FieldType
    level: Level
    description: Short = ""


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the data was collected: source, consent of the subjects, scope, frequency, kind."""

    source: Text = ""
    consent: Text = ""
    scope: Text = ""
    frequency: Short = ""
    kind: Short = ""
    purpose: Short = ""


class DatasetRecord(Record, frozen=True):
    """A dataset as its owner describes it.

    ``commitment`` binds the content; ``row_count`` is None unless the owner shows it.
    ``operators`` and ``purposes`` are what a grant may ever name (``*``: any).
    """

    id: str
    owner: str
    title: str
    description: str
    keywords: list[str]
    fields: list[Field]
    row_count: int | None
    commitment: str
    level: int
    operators: list[str]
    purposes: list[str]
    price_points: int
    provenance: Provenance
    policy: dict[str, Any]
    state: EntryState = "PUBLISHED"
    revision: int = 1
    published_ms: int = 0
    updated_ms: int = 0


class ResourceRecord(Record, frozen=True):
    """A computing resource offered by a compute provider."""

    id: str
    owner: str
    kind: str
    protocols: list[str]
    price_points: int
    cores: int
    memory_bytes: int
    state: EntryState = "PUBLISHED"
    published_ms: int = 0


ProtocolName = Slug
Purpose = Term
DATASETS = Collection("catalogue", "dataset", DatasetRecord)
RESOURCES = Collection("catalogue", "resource", ResourceRecord)
