"""Encrypted scratch: temporary files whose keys live in memory only."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType

from hanse.crypto.suite import Suite
from hanse.data import locks
from hanse.data.encrypted_file import EncryptedFile, EncryptedWriter


class Scratch:
    """A folder of encrypted files, removed on leaving the ``with`` block.

    After a crash the files are random bytes without a key; the vault sweeps them.

    Args:
        parent: existing folder in which to make this one.
        suite: the cipher.
    """

    def __init__(self, parent: Path, suite: Suite) -> None:
        self._parent, self._suite = parent, suite
        self.folder = parent / secrets.token_hex(16)
        self._keys: dict[str, bytes] = {}
        self._lock = -1

    def __enter__(self) -> Scratch:
        with locks.creating(self._parent):
            self.folder.mkdir(mode=0o700)
            self._lock = locks.lock(self.folder)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._keys.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def create(self, name: str) -> EncryptedWriter:
        """A new file; close it before opening it.

        Args:
            name: letters, digits, dots and dashes.
        """
        self._keys[name] = secrets.token_bytes(self._suite.key_bytes)
        return EncryptedWriter(self.folder / name, self._keys[name], self._suite)

    def open(self, name: str) -> EncryptedFile:
        """Read a file created and closed before."""
        return EncryptedFile(self.folder / name, self._keys[name], self._suite)
