"""Bytes and arrays as encrypted files, for the vault and for processes without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hanse.crypto.suite import Suite
from hanse.data.encrypted_file import EncryptedFile, EncryptedWriter
from hanse.data.errors import DamagedObject


def write_bytes_file(path: Path | str, key: bytes, suite: Suite, data: bytes) -> None:
    """Write bytes as a new encrypted file; removed again on any error.

    Args:
        path: where to create the file; it must not exist.
        key: a fresh symmetric key of ``suite.key_bytes``.
        suite: the cipher.
        data: what to store.
    """
    sink = EncryptedWriter(path, key, suite)
    try:
        sink.write(data)
        sink.close()
    except BaseException:
        sink.abandon()
        Path(path).unlink(missing_ok=True)
        raise


def read_bytes_file(path: Path | str, key: bytes, suite: Suite) -> bytes:
    """All bytes of an encrypted file.

    Raises:
        DamagedObject: when the file was altered or the key is another's.
    """
    with EncryptedFile(path, key, suite) as source:
        return source.read()


def write_arrays(sink: Any, arrays: Mapping[str, Any]) -> None:
    """Write named arrays (numbers and truth values only) to a writable binary file object.

    Raises:
        ValueError: for arrays of Python objects.
    """
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    if any(array.dtype.hasobject for array in plain.values()):
        raise ValueError("arrays of objects are not stored")
    np.savez(sink, **plain)


def write_arrays_file(
    path: Path | str, key: bytes, suite: Suite, arrays: Mapping[str, Any]
) -> None:
    """Write named arrays as a new encrypted file; see `write_bytes_file` and `write_arrays`."""
    sink = EncryptedWriter(path, key, suite)
    try:
        write_arrays(sink, arrays)
        sink.close()
    except BaseException:
        sink.abandon()
        Path(path).unlink(missing_ok=True)
        raise


def read_arrays_file(path: Path | str, key: bytes, suite: Suite) -> dict[str, Any]:
    """The named arrays of an encrypted file.

    Raises:
        DamagedObject: when the file was altered, or holds something else.
    """
    with EncryptedFile(path, key, suite) as source:
        try:
            with np.load(source, allow_pickle=False) as held:
                return {name: held[name] for name in held.files}
        except (ValueError, OSError) as error:
            raise DamagedObject("the file opens but holds no arrays") from error
