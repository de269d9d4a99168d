"""Writing one object so that after a crash it is in the vault completely or not at all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from hanse.core import ids
from hanse.crypto.suite import Suite
from hanse.data import locks
from hanse.data.encrypted_file import EncryptedWriter
from hanse.data.records import ObjectKind, Record
from hanse.data.tables import Table
from hanse.data.types import Column


class ObjectWriter:
    """An object being written; leaving its ``with`` block without `commit` removes it.

    Args:
        folder: the vault's folder of objects.
        suite: the cipher.
        kind: what the object is.
        name: what to call it.
        publish: stores the record of a finished part and gives it its final name.

    Attributes:
        id: the object's identifier once committed.
        file: writable binary file object for the content.
    """

    def __init__(
        self,
        folder: Path,
        suite: Suite,
        kind: ObjectKind,
        name: str,
        publish: Callable[[Path, Record], None],
    ) -> None:
        self.id = ids.random_id("ob")
        self._suite, self._kind, self._name, self._publish = suite, kind, name, publish
        self._part = folder / f"{self.id}.part"
        self._key = secrets.token_bytes(suite.key_bytes)
        with locks.creating(folder):
            self.file = EncryptedWriter(self._part, self._key, suite)
            self._lock = locks.lock(self._part)
        self._is_committed = False

    def __enter__(self) -> ObjectWriter:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if not self._is_committed:
            self.file.abandon()
            self._part.unlink(missing_ok=True)
        os.close(self._lock)

    def as_table(self) -> Table:
        """Finish the content and read it as a table before deciding whether to commit."""
        self.file.close()
        return Table(self._part, self._key, self._suite)

    def commit(
        self,
        *,
        rows: int = 0,
        columns: Sequence[Column] = (),
        details: Mapping[str, str] | None = None,
    ) -> str:
        """Finish the content, sync, and make the object exist; returns its identifier.

        Args:
            rows: number of rows of a table.
            columns: columns of a table.
            details: short texts to keep with it, sealed.
        """
        self.file.close()
        size_bytes = self._part.stat().st_size
        record = make_record(
            self._kind, self._name, self._key, size_bytes, rows, columns, details or {}
        )
        self._publish(self._part, record)
        self._is_committed = True
        return self.id


def make_record(
    kind: ObjectKind,
    name: str,
    key: bytes,
    size_bytes: int,
    rows: int,
    columns: Sequence[Column],
    details: Mapping[str, str],
) -> Record:
    """A record of now."""
    now_ms = time.time_ns() // 1_000_000
    return Record(1, kind, name, key.hex(), now_ms, size_bytes, rows, tuple(columns), dict(details))
