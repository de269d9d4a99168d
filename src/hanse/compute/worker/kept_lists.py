"""What an owner keeps between tasks about the keys of a table that does not change, sealed.

Each entry is sealed under a key of this node, mixed with that of the table it comes from, so that
who erases the table erases it; and bound to its name, a digest of all it depends on. What was not
used for thirty days is erased, and beyond 64 entries the oldest are.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from hanse.core.canonical import tagged
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import Suite

ENDING, ASIDE = ".list", ".part"
MOST_ENTRIES, UNUSED_S = 64, 30 * 86_400
T = TypeVar("T")
log = logging.getLogger("hanse.worker")


class KeptLists:
    """The entries at one node.

    Args:
        folder: made when the first entry is kept; None keeps none.
        key: ``suite.key_bytes``, of this node alone.
        suite: hash and cipher.
    """

    def __init__(self, folder: Path | None, key: bytes, suite: Suite) -> None:
        self._folder, self._key, self._suite = folder, key, suite

    def find(self, scope: bytes, kind: type[T], of: bytes = b"") -> T | None:
        """The entry of that scope; None when there is none, or none that opens.

        Args:
            scope: all that it depends on.
            kind: what it is.
            of: key of the table it comes from.
        """
        if self._folder is None:
            return None
        path = self._path(self._folder, scope)
        try:
            opened = self._suite.open(self._key_of(of), path.read_bytes(), path.name.encode())
            found = msgspec.msgpack.decode(opened, type=kind)
        except FileNotFoundError:
            return None
        except (OSError, CannotOpen, msgspec.DecodeError):
            log.warning("a kept list does not open and is made anew")
            return None
        os.utime(path)
        return found

    def keep(self, scope: bytes, entry: msgspec.Struct, of: bytes = b"") -> None:
        """Keep an entry; a disk that does not take it is logged."""
        if self._folder is None:
            return
        path = self._path(self._folder, scope)
        plain = msgspec.msgpack.encode(entry)
        sealed = self._suite.seal(self._key_of(of), plain, path.name.encode())
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _prune(path.parent)
            aside = path.with_suffix(ASIDE)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
            aside.replace(path)
        except OSError as error:
            log.warning("a list could not be kept: %s", error)

    def _key_of(self, table_key: bytes) -> bytes:
        info = tagged("hanse/kept-list/1", table_key)
        return self._suite.hkdf(self._key, salt=b"", info=info, length=self._suite.key_bytes)

    def _path(self, folder: Path, scope: bytes) -> Path:
        return folder / (self._suite.hash(scope).hex()[:40] + ENDING)


def _prune(folder: Path) -> None:
    """Before one is added."""
    old = sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime)
    unused = [path for path in old if path.stat().st_mtime < time.time() - UNUSED_S]
    for path in {*unused, *old[: max(0, len(old) - MOST_ENTRIES + 1)]}:
        path.unlink(missing_ok=True)
