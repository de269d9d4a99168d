"""Writing a file that only its owner reads, and that is whole or absent after any crash."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600


def create_private(path: Path, data: bytes) -> None:
    """Write a new file, mode 0600; nothing is ever overwritten.

    Raises:
        FileExistsError: when something stands at the path.
    """
    temporary = _write_beside(path, data)
    try:
        os.link(temporary, path)  # atomic, and fails where rename would replace
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Replace a file by rename; after a crash the old or the new content stands, whole."""
    temporary = _write_beside(path, data)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _write_beside(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # a full disk, for instance
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
