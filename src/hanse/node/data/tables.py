"""Tables in the vault and what is known of them: profile, digest, state of their import."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import RowMapping, delete, func, insert, select, update

from hanse.core.errors import ConflictError, HanseError, NotFoundError
from hanse.core.ids import random_id
from hanse.crypto.suite import Suite
from hanse.data.digest import content_digest
from hanse.data.importing import Source, import_file
from hanse.data.profile import Profile, profile
from hanse.data.tables import Table
from hanse.data.types import ColumnType
from hanse.data.vault import Vault
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import data_publications, data_tables
from hanse.node.sealing import Sealer


class NoSuchTable(NotFoundError):
    """The node holds no table of that identifier."""

    code = "node.no_such_table"


class TableNotReady(ConflictError):
    """The table is still being imported, or its import failed."""

    code = "node.table_not_ready"
    help = "Wait for the import, or look at its error: hanse data show TABLE."


class TablePublished(ConflictError):
    """The table stands behind a published dataset."""

    code = "node.table_published"
    help = "Withdraw the dataset first; running flows could not finish."


class ImportInterrupted(ConflictError):
    """The node stopped while it imported the table."""

    code = "node.import_interrupted"
    help = "Import the file again."


@dataclass(frozen=True)
class TableInfo:
    """A table as the node knows it. ``profile`` is None until it is READY."""

    id: str
    number: int
    name: str
    state: str
    object_id: str
    rows: int
    size_bytes: int
    key_columns: tuple[str, ...]
    digest: str
    profile: Profile | None
    error_code: str
    error_message: str
    created_ms: int


class Tables:
    """Imports and remembers. Profile and digest are sealed in the database.

    Args:
        database: the node's.
        vault: where rows are.
        suite: the network's.
        key: wallet key.
        clock: UTC milliseconds.
    """

    def __init__(
        self, database: Database, vault: Vault, suite: Suite, key: bytes, clock: Clock = now_ms
    ) -> None:
        self._database = database
        self._vault = vault
        self._suite = suite
        self._digests = Sealer(suite, key, "digest")
        self._profiles = Sealer(suite, key, "profile")
        self._clock = clock
        self._lock = threading.Lock()

    def recover(self) -> None:
        """After a start: imports that were going on have failed."""
        failed = {
            "state": "FAILED",
            "error_code": ImportInterrupted.code,
            "error_message": ImportInterrupted.help,
        }
        with self._database.write() as connection:
            going = data_tables.c.state == "IMPORTING"
            connection.execute(update(data_tables).where(going).values(failed))

    def begin(self, name: str, key_columns: Sequence[str]) -> str:
        """Note a table that is about to be imported; returns its identifier."""
        table_id = random_id("tb")
        with self._lock, self._database.write() as connection:
            last = connection.execute(select(func.max(data_tables.c.number))).scalar()
            values = {
                "id": table_id,
                "number": (last or 0) + 1,
                "name": name,
                "state": "IMPORTING",
                "object": "",
                "row_count": 0,
                "size_bytes": 0,
                "key_columns": msgspec.json.encode(list(key_columns)).decode(),
                "digest": b"",
                "profile": b"",
                "error_code": "",
                "error_message": "",
                "created_ms": self._clock(),
            }
            connection.execute(insert(data_tables).values(values))
        return table_id

    def fill(
        self,
        table_id: str,
        source: Source,
        name: str,
        key_columns: Sequence[str],
        types: Mapping[str, ColumnType],
    ) -> TableInfo:
        """Import the rows; on failure the error stays with the table.

        Raises:
            HanseError: a ``data.*`` error naming what is wrong with the file.
        """
        try:
            table = import_file(
                source, self._vault, key_columns=key_columns, types=types, name=name
            )
        except HanseError as error:
            self.fail(table_id, error)
            raise
        try:
            self._finish(table_id, table)
        except BaseException:
            self._vault.delete(table.id)
            raise
        return self.get(table_id)

    def fail(self, table_id: str, error: HanseError) -> None:
        """Note why an import failed."""
        values = {"state": "FAILED", "error_code": error.code, "error_message": error.message}
        with self._database.write() as connection:
            row = data_tables.c.id == table_id
            connection.execute(update(data_tables).where(row).values(values))

    def forget(self, table_id: str) -> None:
        """Drop the note of an import that failed at once; the caller saw the error."""
        with self._database.write() as connection:
            connection.execute(delete(data_tables).where(data_tables.c.id == table_id))

    def get(self, table_id: str) -> TableInfo:
        """One table; raises NoSuchTable."""
        query = select(data_tables).where(data_tables.c.id == table_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchTable()
        return self._info(row)

    def ready(self, table_id: str) -> TableInfo:
        """One table that can be used; raises NoSuchTable, TableNotReady."""
        info = self.get(table_id)
        if info.state != "READY":
            raise TableNotReady(f"the table is {info.state}")
        return info

    def page(self, *, before: int | None, limit: int, q: str, state: str) -> list[TableInfo]:
        """Newest first; one more than ``limit`` tells that a page follows."""
        query = select(data_tables).order_by(data_tables.c.number.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(data_tables.c.number < before)
        if q:
            query = query.where(data_tables.c.name.contains(q, autoescape=True))
        if state:
            query = query.where(data_tables.c.state == state)
        with self._database.read() as connection:
            return [self._info(row) for row in connection.execute(query).mappings()]

    def datasets_of(self, table_id: str) -> list[str]:
        """Datasets the table was published under."""
        query = select(data_publications.c.dataset).where(
            data_publications.c.table_id == table_id, data_publications.c.dataset != ""
        )
        with self._database.read() as connection:
            return list(connection.execute(query.order_by("published_ms")).scalars())

    def delete(self, table_id: str) -> None:
        """Erase a table: its key first, so that the rows are random bytes.

        Raises:
            NoSuchTable: there is none.
            TableNotReady: it is being imported.
        """
        info = self.get(table_id)
        if info.state == "IMPORTING":
            raise TableNotReady("the table is being imported")
        if info.object_id:
            self._erase(info.object_id)
        with self._database.write() as connection:
            connection.execute(
                delete(data_publications).where(data_publications.c.table_id == table_id)
            )
            connection.execute(delete(data_tables).where(data_tables.c.id == table_id))

    def _erase(self, object_id: str) -> None:
        try:
            self._vault.delete(object_id)
        except NotFoundError:  # a deletion that was interrupted goes on
            return

    def _finish(self, table_id: str, table: Table) -> None:
        digest = content_digest(self._suite, table)
        values = {
            "state": "READY",
            "object": table.id,
            "row_count": table.rows,
            "size_bytes": self._vault.describe(table.id).size_bytes,
            "digest": self._digests.seal(table_id, digest),
            "profile": self._profiles.seal(table_id, msgspec.json.encode(profile(table))),
        }
        with self._database.write() as connection:
            row = data_tables.c.id == table_id
            connection.execute(update(data_tables).where(row).values(values))

    def _info(self, row: RowMapping) -> TableInfo:
        table_id, ready = row["id"], row["state"] == "READY"
        found = None
        if ready:
            data = self._profiles.open(table_id, bytes(row["profile"]))
            found = msgspec.json.decode(data, type=Profile)
        return TableInfo(
            id=table_id,
            number=row["number"],
            name=row["name"],
            state=row["state"],
            object_id=row["object"],
            rows=row["row_count"],
            size_bytes=row["size_bytes"],
            key_columns=tuple(msgspec.json.decode(row["key_columns"], type=list[str])),
            digest=self._digests.open(table_id, bytes(row["digest"])).hex() if ready else "",
            profile=found,
            error_code=row["error_code"],
            error_message=row["error_message"],
            created_ms=row["created_ms"],
        )
