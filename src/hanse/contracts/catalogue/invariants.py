"""What always holds of catalogue entries; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.catalogue.queries import get_dataset
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class CatalogueBroken(InternalError):
    """A catalogue invariant does not hold."""

    code = "catalogue.invariant"


def check_dataset(state: StateReader, dataset: str) -> None:
    """An entry stands under its id and is as sensitive as its most sensitive field."""
    record = get_dataset(state, dataset)
    if record is None or record.id != dataset:
        raise CatalogueBroken("an entry stands under its own id")
    if record.level < max(field.level for field in record.fields):
        raise CatalogueBroken("a dataset is at least as sensitive as its fields")
    if record.updated_ms < record.published_ms or record.revision < 1:
        raise CatalogueBroken("revisions and times only grow")
