"""The vault: everything a node keeps of its data, encrypted at rest.

Folder layout::

    vault.json            suite, random salt, a sealed check value (no secret, no names)
    objects/ob-….data     encrypted file, see `hanse.data.encrypted_file`
    objects/ob-….record   sealed record with the object's key, see `hanse.data.records`
    objects/ob-….part     being written, locked by its writer
    scratch/              encrypted scratch, its keys in memory only

Each object has its own random key; the record wraps it under a key derived from the master key
(HKDF, the vault's salt). An object exists once its record does. What a crash leaves (parts, data
without record, scratch) is swept when the vault is opened next; a file whose writer is alive is
locked and left alone, so several processes may use one vault.

Deleting erases the record first: without the key in it the data is random bytes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from hanse.core import ids
from hanse.crypto.suite import Suite
from hanse.data import locks
from hanse.data.encrypted_file import EncryptedFile, storage_errors
from hanse.data.errors import DamagedObject, NoSuchObject, WrongKind
from hanse.data.object_writer import ObjectWriter, make_record
from hanse.data.objects import read_arrays_file, read_bytes_file, write_arrays
from hanse.data.records import (
    ObjectKind,
    Record,
    erase,
    is_erased,
    read_record,
    sync_folder,
    write_record,
)
from hanse.data.scratch import Scratch
from hanse.data.tables import Table, TableWriter
from hanse.data.types import Column
from hanse.data.vault_key import open_wrapping_key


class ObjectInfo(msgspec.Struct, frozen=True):
    """What may be shown of an object. Sizes in bytes, time in UTC milliseconds."""

    id: str
    kind: ObjectKind
    name: str
    size_bytes: int
    created_ms: int
    rows: int
    columns: tuple[Column, ...]
    details: dict[str, str]


class ObjectLocation(msgspec.Struct, frozen=True):
    """Path and key of an object, all a worker process needs. Keep it off disks and logs."""

    path: str
    key: bytes

    def __repr__(self) -> str:
        return f"ObjectLocation(path={self.path!r})"


class Vault:
    """Encrypted objects of one node: tables, bytes and arrays. Thread-safe.

    Args:
        root: the vault's folder, created when missing.
        suite: the network's suite.
        master_key: at least 16 secret bytes from the node's keystore.

    Raises:
        WrongVaultKey: when the vault was made with another key or suite.
    """

    def __init__(self, root: Path | str, suite: Suite, master_key: bytes) -> None:
        self.root, self.suite = Path(root), suite
        self._objects, self._scratch = self.root / "objects", self.root / "scratch"
        for folder in (self.root, self._objects, self._scratch):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._wrapping_key = open_wrapping_key(self.root / "vault.json", suite, master_key)
        self._sweep()

    # Writing

    def new_object(self, kind: ObjectKind, name: str = "") -> ObjectWriter:
        """Begin an object; it exists only after `ObjectWriter.commit`."""
        return ObjectWriter(self._objects, self.suite, kind, name, self._publish)

    def write_table(
        self,
        columns: Sequence[Column],
        batches: Iterable[pa.RecordBatch],
        *,
        name: str = "",
        details: Mapping[str, str] | None = None,
    ) -> str:
        """Store a table; returns its identifier. Memory stays bounded.

        Args:
            columns: the table's columns.
            batches: its rows, each batch of exactly these columns.
            name: what to call it.
            details: short texts to keep with it, sealed.
        """
        with self.new_object("table", name) as target:
            with TableWriter(target.file, columns) as writer:
                for batch in batches:
                    writer.write(batch)
            return target.commit(rows=writer.rows, columns=columns, details=details)

    def put_bytes(
        self, data: bytes, *, name: str = "", details: Mapping[str, str] | None = None
    ) -> str:
        """Store bytes; returns their identifier."""
        with self.new_object("bytes", name) as target:
            target.file.write(data)
            return target.commit(details=details)

    def put_arrays(
        self,
        arrays: Mapping[str, Any],
        *,
        name: str = "",
        details: Mapping[str, str] | None = None,
    ) -> str:
        """Store named numeric arrays (such as model shares); returns their identifier."""
        with self.new_object("arrays", name) as target:
            write_arrays(target.file, arrays)
            return target.commit(details=details)

    def adopt(
        self,
        path: Path | str,
        key: bytes,
        kind: ObjectKind,
        *,
        name: str = "",
        details: Mapping[str, str] | None = None,
    ) -> str:
        """Move an encrypted file made elsewhere (by a worker) into the vault, key and all.

        Raises:
            DamagedObject: when the file does not open with the key, or is no such object.
        """
        source = Path(path)
        rows, columns = 0, tuple[Column, ...]()
        if kind == "table":
            table = Table(source, key, self.suite)
            rows, columns = table.rows, table.columns
        else:
            EncryptedFile(source, key, self.suite).close()
        object_id = ids.random_id("ob")
        part = self._objects / f"{object_id}.part"
        with storage_errors(), self._moved(source, part):
            size_bytes = part.stat().st_size
            self._publish(
                part, make_record(kind, name, key, size_bytes, rows, columns, details or {})
            )
        return object_id

    @contextmanager
    def _moved(self, source: Path, part: Path) -> Iterator[None]:
        """Bring a file in as a locked part; whatever happens no part remains."""
        with locks.creating(self._objects):
            shutil.move(source, part)
            held = locks.lock(part)
        try:
            part.chmod(0o600)
            os.fsync(held)
            yield
        finally:
            os.close(held)
            part.unlink(missing_ok=True)

    def _publish(self, part: Path, record: Record) -> None:
        data, path = part.with_suffix(".data"), part.with_suffix(".record")
        part.rename(data)
        try:
            with locks.creating(self._objects):
                write_record(path, record, self.suite, self._wrapping_key)
        except BaseException:
            data.unlink(missing_ok=True)
            raise

    # Reading

    def open_table(self, object_id: str) -> Table:
        """Open a table for reading.

        Raises:
            NoSuchObject, WrongKind, DamagedObject: as named.
        """
        record, key = self._take(object_id, "table")
        return Table(self._data_path(object_id), key, self.suite, id=object_id, name=record.name)

    def get_bytes(self, object_id: str) -> bytes:
        """The bytes stored; raises as `open_table` does."""
        _, key = self._take(object_id, "bytes")
        return read_bytes_file(self._data_path(object_id), key, self.suite)

    def get_arrays(self, object_id: str) -> dict[str, Any]:
        """The named arrays stored; raises as `open_table` does."""
        _, key = self._take(object_id, "arrays")
        return read_arrays_file(self._data_path(object_id), key, self.suite)

    def locate(self, object_id: str) -> ObjectLocation:
        """Path and key to hand to a worker process over its standard input."""
        record = self._record(object_id)
        return ObjectLocation(str(self._data_path(object_id)), bytes.fromhex(record.key))

    def describe(self, object_id: str) -> ObjectInfo:
        """Kind, name, size and columns of an object; raises `NoSuchObject`, `DamagedObject`."""
        record = self._record(object_id)
        return ObjectInfo(
            object_id,
            record.kind,
            record.name,
            record.size_bytes,
            record.created_ms,
            record.rows,
            record.columns,
            record.details,
        )

    def list_objects(self, kind: ObjectKind | None = None) -> list[ObjectInfo]:
        """All readable objects, or those of a kind, oldest first; see `list_damaged`."""
        chosen = [info for info in self._describe_all()[0] if kind in {None, info.kind}]
        return sorted(chosen, key=lambda info: (info.created_ms, info.id))

    def list_damaged(self) -> list[str]:
        """Identifiers of objects whose records do not open."""
        return sorted(self._describe_all()[1])

    def _describe_all(self) -> tuple[list[ObjectInfo], list[str]]:
        found, damaged = [], []
        for path in self._objects.glob("*.record"):
            try:
                found.append(self.describe(path.stem))
            except NoSuchObject:
                continue  # deleted by another process since the folder was listed
            except DamagedObject:
                damaged.append(path.stem)
        return found, damaged

    # Ending

    def delete(self, object_id: str) -> None:
        """Erase an object: its key first, then its data.

        Raises:
            NoSuchObject: when there is none.
        """
        path = self._record_path(object_id)
        try:
            erase(path)
        except FileNotFoundError as error:
            raise NoSuchObject(f"the vault holds no object {object_id}") from error
        self._data_path(object_id).unlink(missing_ok=True)
        sync_folder(self._objects)

    def export(
        self,
        object_id: str,
        path: Path | str,
        format: str = "csv",  # noqa: A002  the field's own word
        *,
        replace: bool = False,
    ) -> int:
        """Write a table as a plain file (permission 0600, atomic); returns its rows.

        Raises:
            NoSuchFormat, ExportRefused: see `hanse.data.exporting.export_table`.
        """
        from hanse.data.exporting import export_table

        return export_table(self.open_table(object_id), path, format, replace=replace)

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """A folder of encrypted scratch files whose key dies with the block."""
        with Scratch(self._scratch, self.suite) as folder:
            yield folder

    def close(self) -> None:
        """Forget the wrapping key; the vault cannot be used afterwards."""
        self._wrapping_key = b""

    # Inside

    def _record_path(self, object_id: str) -> Path:
        return self._objects / f"{ids.check_id(object_id, 'ob')}.record"

    def _data_path(self, object_id: str) -> Path:
        return self._objects / f"{ids.check_id(object_id, 'ob')}.data"

    def _record(self, object_id: str) -> Record:
        return read_record(self._record_path(object_id), self.suite, self._wrapping_key)

    def _take(self, object_id: str, kind: ObjectKind) -> tuple[Record, bytes]:
        record = self._record(object_id)
        if record.kind != kind:
            raise WrongKind(f"object {object_id} is of kind {record.kind}, not {kind}")
        return record, bytes.fromhex(record.key)

    def _sweep(self) -> None:
        with locks.sweeping(self._objects):
            for path in self._objects.iterdir():
                if path.suffix == ".data":
                    record = path.with_suffix(".record")
                    locks.remove_unless_locked(path, partial(_is_missing, record))
                elif path.suffix in {".part", ".record-part"}:
                    locks.remove_unless_locked(path)
                elif path.suffix == ".record" and is_erased(path.read_bytes()):
                    path.with_suffix(".data").unlink(missing_ok=True)
                    path.unlink()
        with locks.sweeping(self._scratch):
            for path in self._scratch.iterdir():
                if path.name != locks.LOCK_NAME:
                    locks.remove_unless_locked(path)


def _is_missing(path: Path) -> bool:
    return not path.exists()
