"""What happened in the catalogue; each carries the whole entry, so that views need no state."""

from __future__ import annotations

from hanse.contracts.catalogue.types import DatasetRecord, ResourceRecord
from hanse.ledger.contract.contract import Event


class DatasetPublished(Event, frozen=True):
    """A dataset can be found and asked for."""

    dataset: str
    owner: str
    entry: DatasetRecord


class DatasetUpdated(Event, frozen=True):
    """A dataset is described anew; grants already agreed keep their terms."""

    dataset: str
    owner: str
    entry: DatasetRecord


class DatasetWithdrawn(Event, frozen=True):
    """A dataset can no longer be asked for or used in new flows."""

    dataset: str
    owner: str


class ResourcePublished(Event, frozen=True):
    """Computing capacity is on offer."""

    resource: str
    owner: str
    entry: ResourceRecord


class ResourceWithdrawn(Event, frozen=True):
    """Computing capacity is no longer on offer."""

    resource: str
    owner: str
