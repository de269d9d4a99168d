"""The vault's file format: authenticated encryption in chunks, readable at any position.

Layout, all integers big-endian::

    header   48 bytes   magic "HANSEVF1" | suite (1: sm=1, intl=2) | chunk exponent (1) |
                        zeros (6) | file id (32, random)
    chunk 0  28 + 2^e   nonce (12) | ciphertext | tag (16)
    chunk 1  …          all chunks but the last hold exactly 2^e plaintext bytes, e = 16
    end      44 bytes   nonce (12) | sealed plaintext length (8) and chunk count (8) | tag (16)

Chunk i is sealed with the associated data ``tagged("hanse/vault-chunk/1", header, i as 8
bytes)``, the end with ``tagged("hanse/vault-end/1", header)``. So a chunk opens only in its own
file, at its own place; and the end fixes length and number of chunks: altering, reordering,
removing, repeating or appending chunks, and swapping files, are all detected, at the latest
when the place is read. Each file has a key of its own and is written once, so an older state
of the same file does not exist. What the format does not hide is the length of the content.

Both suites add 28 bytes to each 65,536. A worker process needs path, key and suite, no more.
"""

from __future__ import annotations

import io
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Any

from hanse.core.canonical import tagged
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import NONCE_BYTES, TAG_BYTES, Suite
from hanse.data.errors import DamagedObject, StorageFull

MAGIC = b"HANSEVF1"
EXPONENT = 16
CHUNK_BYTES = 1 << EXPONENT
HEADER_BYTES = 48
OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
END_BYTES = OVERHEAD_BYTES + 16
_SUITES = {"sm": 1, "intl": 2}
_CACHED_CHUNKS = 8


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a full disk or quota into `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT, EFBIG}:
            raise StorageFull(debug=str(error)) from error
        raise


class EncryptedWriter(io.RawIOBase):
    """Writes a new encrypted file front to back; readable only after `close`.

    The file is created with permission 0600 and must not exist. Closing seals the end and
    syncs to disk; a writer dropped before leaves a file that no reader accepts.

    Args:
        path: where to create the file.
        key: the file's own symmetric key, ``suite.key_bytes`` long, never used before.
        suite: the cipher.
    """

    def __init__(self, path: Path | str, key: bytes, suite: Suite) -> None:
        super().__init__()
        self._key, self._suite = key, suite
        self._header = _header(suite)
        self._buffer = bytearray()
        self._chunks = self._length = 0
        self.sealed = False
        with storage_errors():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
            self._file.write(self._header)

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """Descriptor of the underlying file, for locks; never write to it."""
        return self._file.fileno()

    def tell(self) -> int:
        """Plaintext bytes written so far."""
        return self._length + len(self._buffer)

    def write(self, data: Any) -> int:
        """Append plaintext; complete chunks are sealed and written.

        Raises:
            StorageFull: the disk takes no more.
        """
        if self.closed:
            raise ValueError("the file is closed")
        view = memoryview(data).cast("B")
        self._buffer += view
        if len(self._buffer) >= CHUNK_BYTES:
            self._drain()
        return len(view)

    def _drain(self) -> None:
        whole = len(self._buffer) // CHUNK_BYTES * CHUNK_BYTES
        with memoryview(self._buffer) as view:
            for start in range(0, whole, CHUNK_BYTES):
                self._seal(bytes(view[start : start + CHUNK_BYTES]))
        del self._buffer[:whole]

    def _seal(self, plaintext: bytes) -> None:
        sealed = self._suite.seal(self._key, plaintext, _place(self._header, self._chunks))
        with storage_errors():
            self._file.write(sealed)
        self._chunks += 1
        self._length += len(plaintext)

    def close(self) -> None:
        """Seal the end, sync to disk, close. Closing again does nothing."""
        if self.closed:
            return
        try:
            if self._buffer:
                self._seal(bytes(self._buffer))
                self._buffer.clear()
            end = self._length.to_bytes(8, "big") + self._chunks.to_bytes(8, "big")
            with storage_errors():
                self._file.write(self._suite.seal(self._key, end, _ending(self._header)))
                self._file.flush()
                os.fsync(self._file.fileno())
            self.sealed = True
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without sealing the end: no reader will accept the file."""
        self._buffer.clear()
        try:
            with storage_errors():
                self._file.close()
        finally:
            super().close()

    def __del__(self) -> None:
        """Never seal what nobody closed."""
        if not self.closed and hasattr(self, "_file"):
            self.abandon()


class EncryptedFile(io.RawIOBase):
    """Reads an encrypted file at any position; what it returns is authenticated.

    Args:
        path: a file made by `EncryptedWriter`.
        key: its key.
        suite: its suite.

    Raises:
        DamagedObject: on opening or reading, when the file is not the one that was written
            with this key.
    """

    def __init__(self, path: Path | str, key: bytes, suite: Suite) -> None:
        super().__init__()
        self._key, self._suite = key, suite
        self._position = 0
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._file = Path(path).open("rb", buffering=0)  # noqa: SIM115  closed by close()
        try:
            self._header = self._file.read(HEADER_BYTES)
            self.size, self._chunks = self._open_end()
        except BaseException:
            self.close()
            raise

    def _open_end(self) -> tuple[int, int]:
        known = MAGIC + bytes([_SUITES[self._suite.name], EXPONENT])
        if len(self._header) != HEADER_BYTES or self._header[: len(known)] != known:
            raise DamagedObject("not an encrypted file of this suite")
        total = os.fstat(self._file.fileno()).st_size
        if total < HEADER_BYTES + END_BYTES:
            raise DamagedObject("the file was cut")
        self._file.seek(total - END_BYTES)
        end = self._open(self._file.read(END_BYTES), _ending(self._header), "its end")
        size, chunks = int.from_bytes(end[:8], "big"), int.from_bytes(end[8:], "big")
        if total != HEADER_BYTES + size + chunks * OVERHEAD_BYTES + END_BYTES:
            raise DamagedObject("the file has not the length it was written with")
        return size, chunks

    def _open(self, sealed: bytes, associated: bytes, what: str) -> bytes:
        try:
            return self._suite.open(self._key, sealed, associated)
        except CannotOpen as error:
            raise DamagedObject(f"the file does not open at {what}") from error

    def _chunk(self, index: int) -> bytes:
        held = self._cache.get(index)
        if held is not None:
            self._cache.move_to_end(index)
            return held
        self._file.seek(HEADER_BYTES + index * (CHUNK_BYTES + OVERHEAD_BYTES))
        length = min(CHUNK_BYTES, self.size - index * CHUNK_BYTES)
        sealed = self._file.read(length + OVERHEAD_BYTES) or b""
        plain = self._open(sealed, _place(self._header, index), f"chunk {index}")
        self._cache[index] = plain
        if len(self._cache) > _CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return plain

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Plaintext position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a plaintext position in bytes, as `io.IOBase.seek` does."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Read up to ``size`` plaintext bytes, or to the end; short only at the end."""
        end = self.size if size is None or size < 0 else min(self.size, self._position + size)
        parts = []
        while self._position < end:
            index, offset = divmod(self._position, CHUNK_BYTES)
            part = self._chunk(index)[offset : offset + end - self._position]
            parts.append(part)
            self._position += len(part)
        return b"".join(parts)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; returns the number of bytes read, 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close and forget the cached plaintext."""
        if not self.closed:
            self._cache.clear()
            self._file.close()
        super().close()


def _header(suite: Suite) -> bytes:
    fixed = MAGIC + bytes([_SUITES[suite.name], EXPONENT]) + bytes(6)
    return fixed + secrets.token_bytes(HEADER_BYTES - len(fixed))


def _place(header: bytes, index: int) -> bytes:
    return tagged("hanse/vault-chunk/1", header, index.to_bytes(8, "big"))


def _ending(header: bytes) -> bytes:
    return tagged("hanse/vault-end/1", header)
