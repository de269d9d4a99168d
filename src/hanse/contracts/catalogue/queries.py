"""Reading the catalogue: for other contracts and for nodes. Searching is the views' work."""

from __future__ import annotations

from typing import NamedTuple

from hanse.contracts.catalogue import errors
from hanse.contracts.catalogue.types import DATASETS, RESOURCES, DatasetRecord, ResourceRecord
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader


def get_dataset(state: StateReader, dataset: str) -> DatasetRecord | None:
    """The entry, or None."""
    return DATASETS.get(state, dataset)


def get_resource(state: StateReader, resource: str) -> ResourceRecord | None:
    """The entry, or None."""
    return RESOURCES.get(state, resource)


class DatasetFacts(NamedTuple):
    """What other contracts may rely on about a published dataset."""

    dataset: str
    owner: str
    commitment: str
    level: int
    revision: int
    fields: list[str]
    operators: list[str]
    purposes: list[str]
    price_points: int


class Datasets:
    """What the catalogue hands to other contracts, bound to one transaction."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def published(self, dataset: str) -> DatasetFacts:
        """Facts about a dataset that is in the catalogue.

        Raises:
            DatasetNotFound, DatasetWithdrawnError.
        """
        record = DATASETS.require(self._state, errors.DatasetNotFound, dataset)
        if record.state == "WITHDRAWN":
            raise errors.DatasetWithdrawnError()
        return DatasetFacts(
            dataset=record.id,
            owner=record.owner,
            commitment=record.commitment,
            level=record.level,
            revision=record.revision,
            fields=[field.name for field in record.fields],
            operators=record.operators,
            purposes=record.purposes,
            price_points=record.price_points,
        )

    def owner(self, dataset: str) -> str:
        """Owner of a dataset, withdrawn or not; raises `DatasetNotFound`."""
        return DATASETS.require(self._state, errors.DatasetNotFound, dataset).owner
