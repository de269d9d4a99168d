"""An archive's file: lines of canonical JSON, compressed with Zstandard.

``zstd -dc FILE`` shows it to anybody. Blocks stand from the newest to the oldest, so that each
names the hash of the one that follows in the file, and so that restoring can stop anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.ledger.archive.errors import ArchiveRefused
from hanse.ledger.storage.files import naming_errors, sync_file
from hanse.ledger.validators import Validator

FORMAT = 1
READ_BYTES = 1 << 20
MAX_LINE_BYTES = 256 << 20


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """First line: what follows.

    Attributes:
        format: of the file, 1.
        chain: chain id, hex.
        network: name in the genesis, for people.
        first: lowest height.
        last: highest height; its block comes first.
        hash: of the last header, hex.
    """

    format: int = FORMAT
    chain: str
    network: str
    first: int
    last: int
    hash: str


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Last line.

    Attributes:
        transactions: in all blocks.
        digest: running hash of the suite over the lines before, hex.
    """

    transactions: int
    digest: str


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line: exactly one of these.

    Attributes:
        start: of the file.
        validators: the set that certified the blocks that follow.
        block: with its certificate, if it has one.
        below: the bare block under the range; none when the range begins at 0.
        end: of the file.
    """

    start: Start | None = None
    validators: list[Validator] | None = None
    block: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    below: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    end: End | None = None


def encode_line(line: Line) -> bytes:
    """The line with its end."""
    return canonical.encode(line) + b"\n"


def decode_line(data: bytes) -> Line:
    """Read a line without its end.

    Raises:
        ArchiveRefused
    """
    try:
        line = canonical.decode_trusted(data, Line)
    except HanseError as error:
        raise ArchiveRefused(f"a line of the archive cannot be read: {error.message}") from error
    return line


def write_lines(path: Path, lines: Iterator[bytes]) -> None:
    """Write a compressed file; it is on disk when this returns.

    Raises:
        OSError: of the system.
    """
    with path.open("xb") as file:
        path.chmod(0o600)
        with pa.CompressedOutputStream(file, "zstd") as packed:
            for line in lines:
                packed.write(line)
    sync_file(path)


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, without their ends.

    Raises:
        ArchiveRefused: when it is not compressed as it should be, or ends in a line.
        StorageFailed: when it cannot be read.
    """
    with naming_errors(), path.open("rb") as file:
        rest = b""
        packed = pa.CompressedInputStream(file, "zstd")
        while True:
            data = _read(packed)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            yield from whole
            if len(rest) > MAX_LINE_BYTES:
                raise ArchiveRefused("a line of the archive is too long")
    if rest:
        raise ArchiveRefused("the archive is cut off")


def _read(packed: Any) -> bytes:
    try:
        data: bytes = packed.read(READ_BYTES)
    except (OSError, pa.ArrowException) as error:
        raise ArchiveRefused("the file is not compressed as an archive is") from error
    return data
