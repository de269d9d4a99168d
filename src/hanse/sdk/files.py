"""Answers that are files: written beside the destination first, then moved into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hanse.core.errors import InputError

ByteProgress = Callable[[int], None]


class CannotWrite(InputError):
    """The destination cannot be written."""

    code = "sdk.cannot_write"
    help = "Choose another destination, or make its directory."


class CannotRead(InputError):
    """The local file cannot be read."""

    code = "sdk.cannot_read"
    help = "Check the path and its permissions."


def save(pieces: Iterator[bytes], destination: Path, progress: ByteProgress | None = None) -> int:
    """Write pieces to ``destination`` (readable by its owner only) and return the size in bytes.

    A broken transfer leaves nothing under the destination's name.

    Raises:
        CannotWrite: when the file system refuses.
    """
    try:
        handle, name = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
    except OSError as error:
        raise CannotWrite(f"cannot write {destination}: {error.strerror}") from error
    part = Path(name)
    try:
        size = _write(handle, pieces, progress)
        part.replace(destination)
    except OSError as error:
        raise CannotWrite(f"cannot write {destination}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _write(handle: int, pieces: Iterator[bytes], progress: ByteProgress | None) -> int:
    size = 0
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            out.write(piece)
            size += len(piece)
            if progress is not None:
                progress(size)
        out.flush()
        os.fsync(out.fileno())
    return size
