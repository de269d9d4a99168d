"""The vault's index: one small sealed record per object, which alone makes the object readable.

A record holds the object's own key, kind, name and description, sealed under a key derived
from the vault's master key with the object's identifier as associated data. Writing a record
(sync, rename, sync of the folder) is the moment an object begins to exist; overwriting and
removing it is the moment the object stops to exist, because the key in it is the only copy.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from hanse.core import canonical
from hanse.core.canonical import tagged
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import Suite
from hanse.data.encrypted_file import storage_errors
from hanse.data.errors import DamagedObject, NoSuchObject
from hanse.data.types import Column

ObjectKind = Literal["table", "bytes", "arrays"]


class Record(msgspec.Struct, frozen=True):
    """What the vault knows about an object."""

    v: int
    kind: ObjectKind
    name: str
    key: str
    created_ms: int
    size_bytes: int
    rows: int = 0
    columns: tuple[Column, ...] = ()
    details: dict[str, str] = {}


def write_record(path: Path, record: Record, suite: Suite, wrapping_key: bytes) -> None:
    """Write a record so that after a crash it is there completely or not at all."""
    sealed = suite.seal(wrapping_key, canonical.encode(record), _context(path))
    temporary = path.with_suffix(".record-part")
    with storage_errors():
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def read_record(path: Path, suite: Suite, wrapping_key: bytes) -> Record:
    """Open a record.

    Raises:
        NoSuchObject: when there is none.
        DamagedObject: when it was altered or belongs to another object or vault.
    """
    try:
        sealed = path.read_bytes()
    except FileNotFoundError as error:
        raise NoSuchObject(f"the vault holds no object {path.stem}") from error
    if is_erased(sealed):
        raise NoSuchObject(f"the vault holds no object {path.stem}")
    try:
        data = suite.open(wrapping_key, sealed, _context(path))
    except CannotOpen as error:
        raise DamagedObject(f"the record of object {path.stem} does not open") from error
    return canonical.decode(data, Record)


def erase(path: Path) -> None:
    """Overwrite a file with zeros, sync, remove it, sync the folder.

    A disk that moves blocks (SSD, copy-on-write, backups) may keep the old ones: they hold a
    key sealed under the master key, so only who has the master key and the old block reads it.
    """
    with path.open("r+b") as file:
        file.write(bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def is_erased(sealed: bytes) -> bool:
    """Whether a crash interrupted `erase` between overwriting and removing."""
    return not sealed.strip(b"\0")


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _context(path: Path) -> bytes:
    return tagged("hanse/vault-record/1", path.stem.encode())
