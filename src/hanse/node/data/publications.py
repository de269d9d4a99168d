"""Which table stands behind a published dataset, and the opening of its commitment.

The opening is written before the transaction is sent and found again by the commitment, so a
crash in between loses nothing: the dataset's identifier is filled in when the block arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, insert, select, update

from hanse.contracts.catalogue.types import DATASETS
from hanse.core import canonical
from hanse.crypto.commitment import Opening, commit
from hanse.crypto.suite import Suite
from hanse.ledger.contract.state import StateReader
from hanse.node.clock import Clock, now_ms
from hanse.node.data.tables import NoSuchTable, TableInfo, Tables
from hanse.node.database.engine import Database
from hanse.node.database.tables import data_publications
from hanse.node.sealing import Sealer

KIND = "table-digest"


@dataclass(frozen=True)
class Publication:
    """A dataset of ours and the table behind it."""

    dataset: str
    table: TableInfo
    opening: Opening


class Publications:
    """Keeps openings sealed.

    Args:
        database: the node's.
        tables: the tables behind.
        suite: the network's.
        key: wallet key.
        clock: UTC milliseconds.
    """

    def __init__(
        self, database: Database, tables: Tables, suite: Suite, key: bytes, clock: Clock = now_ms
    ) -> None:
        self._database = database
        self._tables = tables
        self._suite = suite
        self._sealer = Sealer(suite, key, "opening")
        self._clock = clock

    def commit(self, table: TableInfo) -> str:
        """A fresh salted commitment to a table's content; its opening is on disk."""
        commitment, opening = commit(
            self._suite, KIND, {"digest": table.digest, "rows": table.rows}
        )
        values = {
            "commitment": commitment,
            "dataset": "",
            "table_id": table.id,
            "opening": self._sealer.seal(commitment, canonical.encode(opening)),
            "published_ms": self._clock(),
        }
        with self._database.write() as connection:
            connection.execute(insert(data_publications).values(values))
        return commitment

    def forget(self, commitment: str) -> None:
        """Drop a commitment whose transaction was refused."""
        with self._database.write() as connection:
            row = data_publications.c.commitment == commitment
            connection.execute(delete(data_publications).where(row))

    def note(self, commitment: str, dataset: str) -> bool:
        """The ledger has it: fill in the dataset's identifier. False when it is not ours."""
        with self._database.write() as connection:
            row = data_publications.c.commitment == commitment
            changed = connection.execute(
                update(data_publications).where(row).values(dataset=dataset)
            )
            return changed.rowcount == 1

    def tables_by_dataset(self) -> dict[str, str]:
        """Table identifier by dataset."""
        query = select(data_publications.c.dataset, data_publications.c.table_id)
        with self._database.read() as connection:
            rows = connection.execute(query.where(data_publications.c.dataset != ""))
            return {row[0]: row[1] for row in rows}

    def find(self, dataset: str, state: StateReader) -> Publication | None:
        """The table behind a dataset, or None when it is not here.

        Args:
            dataset: identifier on the ledger.
            state: committed state; the commitment there says which opening is meant.
        """
        record = DATASETS.get(state, dataset)
        if record is None:
            return None
        row = data_publications.c.commitment == record.commitment
        with self._database.read() as connection:
            found = connection.execute(select(data_publications).where(row)).mappings().first()
        if found is None:
            return None
        data = self._sealer.open(record.commitment, bytes(found["opening"]))
        try:
            table = self._tables.ready(found["table_id"])
        except NoSuchTable:
            return None
        return Publication(dataset, table, msgspec.json.decode(data, type=Opening))
