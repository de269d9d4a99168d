"""Files that commands read and write besides downloads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hanse.core import canonical
from hanse.sdk.files import CannotRead, save

MAXIMUM_TEXT_BYTES = 4_000_000


def read_bytes(path: Path) -> bytes:
    """The content of a file, or of standard input for ``-``.

    Raises:
        CannotRead: when there is none, or it is longer than 4 MB.
    """
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAXIMUM_TEXT_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAXIMUM_TEXT_BYTES + 1)
    except OSError as error:
        raise CannotRead(f"cannot read {path}: {error.strerror}") from error
    if len(data) > MAXIMUM_TEXT_BYTES:
        raise CannotRead(f"{path} is longer than 4 MB")
    return data


def read_text(path: Path) -> str:
    """The content of a UTF-8 file.

    Raises:
        CannotRead: when there is none, or it is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotRead(f"{path} is not UTF-8 text") from None


def write_canonical(document: dict[str, Any], path: Path) -> None:
    """Write a document as its canonical bytes, which are what is hashed and verified."""
    save(iter([canonical.encode(document)]), path)
