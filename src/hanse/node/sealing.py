"""Small secrets in the database: sealed under the wallet key, bound to their place."""

from __future__ import annotations

from typing import TypeVar

from hanse.core import canonical
from hanse.crypto.suite import Suite

T = TypeVar("T")


class Sealer:
    """Seals structs for one column.

    Args:
        suite: the cipher.
        key: the wallet key.
        what: kind of content; with the row's id it is authenticated, so that a sealed value
            moved to another row does not open.
    """

    def __init__(self, suite: Suite, key: bytes, what: str) -> None:
        self._suite = suite
        self._key = key
        self._what = what

    def seal(self, place: str, data: bytes) -> bytes:
        """Sealed bytes for a row."""
        return self._suite.seal(self._key, data, self._context(place))

    def open(self, place: str, sealed: bytes) -> bytes:
        """Back again; raises CannotOpen when altered or moved."""
        return self._suite.open(self._key, sealed, self._context(place))

    def _context(self, place: str) -> bytes:
        return canonical.tagged("hanse/wallet/1", self._what.encode(), place.encode())
