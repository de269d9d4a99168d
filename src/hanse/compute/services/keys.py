"""Keys of a request, normalised as the keys of tables are."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from hanse.compute.errors import BadInput
from hanse.compute.operators.keys import normal_keys
from hanse.compute.services.errors import IdNotUnique, UnknownId
from hanse.data.batches import ArrowTable
from hanse.data.types import TableSource

MISSING = "a key is empty"


def normal_request(keys: Sequence[Sequence[str]], key_type: str, case: str) -> list[str]:
    """The normalised keys of a request, in order.

    Raises:
        BadInput: a key is empty, or keys have different numbers of components.
        BadParameter: a key cannot be read as ``key_type``.
    """
    width = len(keys[0]) if keys else 0
    if width == 0 or any(len(key) != width for key in keys):
        raise BadInput("keys must have the same number of components, at least one")
    names = [f"component {place + 1}" for place in range(width)]
    columns = {name: [key[place] for key in keys] for place, name in enumerate(names)}
    table = ArrowTable(pa.table(columns))
    found: list[str] = []
    for texts, _ in normal_keys(table, names, key_type=key_type, case=case, granted=set(names)):
        found.extend(texts.to_pylist())
    if len(found) != len(keys):
        raise BadInput(MISSING)
    return found


class Index:
    """Rows of a table by its normalised key; rows without a key cannot be asked for.

    Raises:
        IdNotUnique: when a key stands in several rows.
        NoSuchColumn, BadParameter: naming the key column that does not fit.
    """

    def __init__(self, table: TableSource, columns: Sequence[str]) -> None:
        self.width = len(columns)
        self._rows: dict[str, int] = {}
        granted = {column.name for column in table.columns}
        count = 0
        for texts, rows in normal_keys(
            table, columns, key_type="text", case="exact", granted=granted
        ):
            self._rows.update(zip(texts.to_pylist(), rows.tolist(), strict=True))
            count += len(rows)
        if len(self._rows) != count:
            raise IdNotUnique("an id stands in several rows of this owner's table")

    def rows_of(self, keys: Sequence[Sequence[str]]) -> list[int]:
        """Row numbers of these keys.

        Raises:
            UnknownId: when the table lacks one; it is not said which.
        """
        if any(len(key) != self.width for key in keys):
            raise UnknownId(f"an id has {self.width} components in this owner's table")
        found = [self._rows.get(key) for key in normal_request(keys, "text", "exact")]
        rows = [row for row in found if row is not None]
        if len(rows) != len(found):
            raise UnknownId("this owner's table lacks an id that was asked for")
        return rows
