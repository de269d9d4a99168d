"""Unix sockets whose path may be longer than the 107 bytes the kernel takes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hanse.ledger.bft.abci.errors import SocketOccupied


def listening_socket(path: Path) -> socket.socket:
    """A listening socket at ``path`` that only this user can connect to.

    What an earlier process left there is removed.

    Raises:
        SocketOccupied: a file that is no socket is there.
        OSError: the directory is not there or not writable.
    """
    remove_socket(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before bind: the kernel gives it to the new file
        with short_path(path) as short:
            listener.bind(short)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def remove_socket(path: Path) -> None:
    """Remove a socket file, if there is one.

    Raises:
        SocketOccupied: it is something else.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketOccupied(f"{path} is no socket")
    path.unlink(missing_ok=True)


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """The same file by a short path, valid within the block."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
