"""What one may ask of the catalogue. The sender is the owner."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Count, Digest, Identifier, Level, Points, Term, Text, Title
from hanse.contracts.catalogue.types import (
    Field,
    OperatorName,
    ProtocolName,
    Provenance,
    Purpose,
)
from hanse.ledger.contract.contract import Message


class DatasetDescription(Message, frozen=True, kw_only=True):
    """Everything an owner says about a dataset; the common part of two messages."""

    title: Title
    description: Text = ""
    keywords: Annotated[list[Term], Meta(max_length=32)] = msgspec.field(default_factory=list)
    fields: Annotated[list[Field], Meta(min_length=1, max_length=2000)]
    row_count: Count | None = None
    commitment: Digest
    level: Level
    operators: Annotated[list[OperatorName], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )
    purposes: Annotated[list[Purpose], Meta(max_length=100)] = msgspec.field(default_factory=list)
    price_points: Points = 0
    provenance: Provenance = Provenance()
    policy: dict[str, Any] = msgspec.field(default_factory=dict)


class PublishDataset(DatasetDescription, frozen=True, kw_only=True):
    """Put a dataset into the catalogue. Sender: a data provider or custodian."""


class UpdateDataset(DatasetDescription, frozen=True, kw_only=True):
    """Replace the description of a published dataset. Sender: its owner."""

    dataset: Identifier


class WithdrawDataset(Message, frozen=True):
    """Take a dataset out of the catalogue for good. Sender: its owner."""

    dataset: Identifier


class PublishResource(Message, frozen=True, kw_only=True):
    """Offer computing capacity. Sender: a compute provider."""

    kind: Literal["compute"] = "compute"
    protocols: Annotated[list[ProtocolName], Meta(min_length=1, max_length=16)]
    price_points: Points = 0
    cores: Annotated[int, Meta(ge=1, le=100_000)]
    memory_bytes: Count


class WithdrawResource(Message, frozen=True):
    """Take a computing resource back. Sender: its owner."""

    resource: Identifier
