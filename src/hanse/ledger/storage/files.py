"""Plain files beside the database, with the same named errors and the same durability."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hanse.ledger.errors import StorageFailed, StorageFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def naming_errors() -> Iterator[None]:
    """Turn errors of the operating system into the ledger's own.

    Raises:
        StorageFull, StorageFailed
    """
    try:
        yield
    except OSError as error:
        named = StorageFull if error.errno in FULL else StorageFailed
        raise named(debug=repr(error)) from error


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file, readable by the owner only, and put it on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Put a file that was written and closed on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
