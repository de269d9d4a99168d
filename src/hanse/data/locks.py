"""Advisory locks that tell a living writer's file from what a crash left behind.

A lock belongs to an open file and vanishes with its process, however that ends. Creating a
file and locking it happens under a shared lock of the folder, sweeping under its exclusive
lock, so that a sweep never sees a file between the two.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = ".lock"


@contextmanager
def creating(folder: Path) -> Iterator[None]:
    """Hold while creating and locking files in a folder; any number of holders at once."""
    with _held(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def sweeping(folder: Path) -> Iterator[None]:
    """Hold while removing what dead writers left; excludes `creating`."""
    with _held(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def _held(folder: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def lock(path: Path) -> int:
    """Lock an existing file or folder for as long as the returned descriptor stays open."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def remove_unless_locked(path: Path, is_left: Callable[[], bool] = lambda: True) -> bool:
    """Remove a file or folder nobody holds, if ``is_left`` still says so under the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not is_left():
            return False
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
