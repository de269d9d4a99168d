"""The LMDB environment: opening, growing, and what its errors mean.

Writes go through `Environment.write`, which repeats the work with a larger map when LMDB says
the map is full; no limit is to be chosen by anyone. A full disk aborts the transaction: the
last commit stays what it was. There is no WRITEMAP, so pages only reach the file by write
calls, whose errors we see, and never by page faults, which would be signals.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import lmdb

from hanse.ledger.errors import LedgerClosed, LedgerInUse, StorageFailed, StorageFull

T = TypeVar("T")
INITIAL_MAP_BYTES = 64 << 20
ROOM_BYTES = 16 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_WORDS = tuple(os.strerror(number) for number in _FULL)


class Reading:
    """A read transaction as a context manager; a class, because reads are many and short."""

    __slots__ = ("_environment", "_transaction")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._transaction: Any = None

    def __enter__(self) -> Any:
        self._transaction = self._environment.enter()
        return self._transaction

    def __exit__(self, *_: object) -> None:
        self._transaction.abort()
        self._environment.leave()


class Environment:
    """One LMDB environment with named databases, shared by the threads of this process."""

    def __init__(
        self,
        folder: Path,
        databases: tuple[str, ...],
        map_bytes: int = INITIAL_MAP_BYTES,
        *,
        durable: bool = True,
    ) -> None:
        """Open or create.

        Args:
            folder: created when missing, readable by this user only.
            databases: names; handles are in ``self.db``.
            map_bytes: initial map; what the file already needs if larger.
            durable: whether each write is on disk when it returns; without, a crash may leave
                the file unreadable, and `sync` is to be called before it counts.

        Raises:
            LedgerInUse: when another process holds it.
            StorageFailed: when LMDB cannot open it.
        """
        self._names = databases
        self._folder = folder
        self._durable = durable
        self._gate = threading.Condition()
        self._writing = threading.Lock()
        self._readers = 0
        self._exclusive = False
        self._closed = False
        self._env: Any = None
        self.db: dict[str, Any] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = _lock(folder / "lock")
        try:
            self._open(map_bytes)
        except BaseException:
            os.close(self._lock_file)
            raise

    @property
    def map_bytes(self) -> int:
        """Present size of the map."""
        return int(self._env.info()["map_size"])

    def read(self) -> Reading:
        """A read transaction (in ``with``): one consistent snapshot. Keep it short."""
        return Reading(self)

    def write(self, work: Callable[[Any], T]) -> T:
        """Run ``work`` in a write transaction and make it durable, all or nothing.

        ``work`` may run several times, because the map may have to grow; each time it sees
        none of its earlier writes. Threads write one after the other.

        Raises:
            StorageFull: no room on the disk.
            StorageFailed: any other refusal of the disk.
        """
        with self._writing:
            while True:
                if self._env is None:
                    self._open(INITIAL_MAP_BYTES)
                try:
                    with self._env.begin(write=True) as transaction:
                        return work(transaction)
                except lmdb.MapFullError:
                    self._resize(2 * self.map_bytes)
                except (lmdb.Error, OSError) as error:
                    self._reopen()
                    raise self._storage_error(error) from error

    def reserve(self, spare_bytes: int) -> None:
        """Grow the map now, so that this much can be written before it must grow again.

        Growing waits for readers. Whoever is about to read for long calls this first, so that
        commits need not wait for it. The map is address space; it takes no room on the disk.

        Raises:
            StorageFull, StorageFailed: the map is what it was.
        """
        with self._writing:
            if self._env is None:
                self._open(INITIAL_MAP_BYTES)
            used = (self._env.info()["last_pgno"] + 1) * self._env.stat()["psize"]
            if self.map_bytes < used + spare_bytes:
                self._resize(used + spare_bytes)

    def copy(self, folder: Path) -> None:
        """Write a compacted copy of the last commit into an empty folder; commits go on.

        Raises:
            StorageFull, StorageFailed: the copy is not complete then.
        """
        try:
            with self.read():  # keeps the map from being moved under the copy
                self._env.copy(str(folder), compact=True)
        except (lmdb.Error, OSError) as error:
            raise self._storage_error(error) from error

    def swap_in(self, data_file: Path) -> None:
        """Take another file's content in place of this one's: the old or the new, never less.

        Waits for readers and writers. The file is moved: it must be synced, closed and on the
        same file system.

        Raises:
            StorageFailed: the old content is open again.
        """
        with self._writing, self._alone():
            if self._env is not None:
                self._env.close()
                self._env = None
            try:
                data_file.replace(self._folder / "data.mdb")
                sync_folder(self._folder)
            except OSError as error:
                raise self._storage_error(error) from error
            finally:
                self._open(INITIAL_MAP_BYTES)

    def sync(self) -> None:
        """Put everything written on disk; needed only where writes are not durable.

        Raises:
            StorageFull, StorageFailed
        """
        try:
            self._env.sync(True)
        except (lmdb.Error, OSError) as error:
            raise self._storage_error(error) from error

    def close(self) -> None:
        """Wait for readers, then close."""
        with self._alone():
            self._closed = True
            if self._env is not None:
                self._env.close()
            os.close(self._lock_file)

    def _open(self, map_bytes: int) -> None:
        try:
            self._env = lmdb.open(
                str(self._folder),
                map_size=map_bytes,
                max_dbs=len(self._names),
                max_readers=1024,
                mode=0o600,
                meminit=False,
                sync=self._durable,
            )
            self._env.reader_check()
            self.db = {name: self._env.open_db(name.encode()) for name in self._names}
        except (lmdb.Error, OSError) as error:
            raise self._storage_error(error) from error

    def _storage_error(self, error: Exception) -> StorageFull | StorageFailed:
        """Name an error of the disk. LMDB gives system errors as text only.

        When the disk fills up in the middle of a write, LMDB reports an input/output error;
        whether there is room tells the two apart.
        """
        said_full = any(word in str(error) for word in _FULL_WORDS)
        if said_full or (os.strerror(errno.EIO) in str(error) and not self._has_room()):
            return StorageFull(debug=repr(error))
        return StorageFailed(debug=repr(error))

    def _has_room(self) -> bool:
        disk = os.statvfs(self._folder)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        used = (self._folder / "data.mdb").stat().st_size
        limited = limit != resource.RLIM_INFINITY and limit - used < ROOM_BYTES
        return disk.f_bavail * disk.f_frsize >= ROOM_BYTES and not limited

    def _resize(self, map_bytes: int) -> None:
        with self._alone():
            before = self.map_bytes
            try:
                self._env.set_mapsize(map_bytes)
            except (lmdb.Error, OSError) as error:
                # LMDB has let go of the old map by then.
                self._open_again(before)
                raise self._storage_error(error) from error

    def _reopen(self) -> None:
        # A failed commit can leave LMDB's handle unusable although the file is sound.
        with self._alone():
            self._open_again(self.map_bytes)

    def _open_again(self, map_bytes: int) -> None:
        self._env.close()
        self._env = None
        self._open(map_bytes)

    def enter(self) -> Any:
        """Begin a read transaction; `leave` must follow. `read` does both."""
        with self._gate:
            while self._exclusive:
                self._gate.wait()
            if self._closed:
                raise LedgerClosed()
            if self._env is None:
                raise StorageFailed("the ledger's file could not be opened again")
            self._readers += 1
        try:
            return self._env.begin()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """A read transaction ended."""
        with self._gate:
            self._readers -= 1
            if not self._readers:
                self._gate.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No read transaction of this process is open inside (LMDB demands it)."""
        with self._gate:
            if self._closed:
                raise LedgerClosed()
            while self._exclusive:
                self._gate.wait()
            self._exclusive = True
            while self._readers:
                self._gate.wait()
        try:
            yield
        finally:
            with self._gate:
                self._exclusive = False
                self._gate.notify_all()


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LedgerInUse() from error
    return descriptor
