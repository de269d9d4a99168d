"""Shuts this process in: Linux namespaces, an almost empty file system, limits, a filter.

Run as ``python -m hanse.compute.algorithms.sandbox.confinement``; imports nothing heavy, because
only a process with one thread may leave its user namespace. Steps:

1. Limits of memory, processor time, open and written files.
2. New user, mount, network, IPC, host-name and process namespaces (namespaces(7)). The network
   namespace has no interface that is up.
3. A child becomes the first process of the process namespace; it dies with its parent.
4. Its root is a file system in memory with the interpreter and the installed packages, read
   only, and nothing else: no home, no /etc, no /proc, no /tmp.
5. All capabilities are dropped, no new ones can be gained, and a filter refuses system calls
   for sockets, processes, mounts and the like.

Only then is anything foreign read. Exit status `UNAVAILABLE` says that a step is impossible here.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import sys
import sysconfig
from pathlib import Path

from hanse.compute.algorithms.sandbox.filter import install

UNAVAILABLE = 97
OPEN_FILES = 256

_NEW_USER, _NEW_MOUNTS, _NEW_NETWORK = 0x10000000, 0x00020000, 0x40000000
_NEW_IPC, _NEW_NAMES, _NEW_PROCESSES = 0x08000000, 0x04000000, 0x20000000
_READ_ONLY, _NO_SUID, _NO_DEV, _REMOUNT, _BIND = 1, 2, 4, 32, 4096
_RECURSIVE, _PRIVATE, _RELATIME = 16384, 1 << 18, 1 << 21
_KEPT_FLAGS = {1: 1, 2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: _RELATIME}  # statvfs → mount
_DETACH = 2
_PIVOT_ROOT, _CAPSET, _DEATH_SIGNAL, _DROP_BOUND = 155, 126, 1, 24
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


def shut_in(root: Path, *, memory_bytes: int, seconds: int) -> None:
    """Return in the confined child; the parent waits for it and ends as it ended.

    Args:
        root: an empty directory to build the new root on.
        memory_bytes: address space allowed.
        seconds: processor time allowed.

    Raises:
        OSError: when a step is not possible on this host.
    """
    if platform.machine() != "x86_64":
        raise OSError(0, "the filter of system calls is for x86-64")
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    spaces = _NEW_USER | _NEW_MOUNTS | _NEW_NETWORK | _NEW_IPC | _NEW_NAMES | _NEW_PROCESSES
    _require(libc.unshare(spaces), "unshare")
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) % 256)
    _require(libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0), "prctl")
    _build_root(libc, root)
    _limit(memory_bytes, seconds)
    _drop_capabilities(libc)
    install(libc)


def _limit(memory_bytes: int, seconds: int) -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(kind, (limit, limit))


def _build_root(libc: ctypes.CDLL, root: Path) -> None:
    _mount(libc, None, "/", None, _RECURSIVE | _PRIVATE)
    _mount(libc, "tmpfs", str(root), "tmpfs", _NO_SUID | _NO_DEV, b"size=1m,mode=755")
    for place in readable():
        inside = root / place.relative_to("/")
        inside.mkdir(parents=True, exist_ok=True)
        _mount(libc, str(place), str(inside), None, _BIND | _RECURSIVE)
        flags = os.statvfs(place).f_flag
        kept = sum(mount for held, mount in _KEPT_FLAGS.items() if flags & held)
        _mount(libc, None, str(inside), None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | kept)
    _link_libraries(root)
    os.chdir(root)
    _require(libc.syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    _require(libc.umount2(b".", _DETACH), "umount2")
    os.chdir("/")
    _mount(libc, None, "/", None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEV)


def readable() -> list[Path]:
    """Directories a confined process can read: interpreter, libraries, packages, this package."""
    paths = sysconfig.get_paths()
    own = Path(__file__).resolve().parents[3]
    found = [Path(sys.base_prefix), *(Path(paths[name]) for name in ("stdlib", "platlib"))]
    found += [Path(paths["purelib"]), own, *map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64"))]
    real = dict.fromkeys(place.resolve() for place in found if place.is_dir())
    refused = [place for place in real if len(place.parts) < 2]
    if refused:
        raise OSError(0, "the interpreter is installed at the root of the file system")
    return [p for p in real if not any(other in p.parents for other in real)]


def _link_libraries(root: Path) -> None:
    for name in ("lib", "lib64"):  # on most systems links into /usr
        place, inside = Path("/") / name, root / name
        if place.is_symlink() and not inside.exists():
            inside.symlink_to(place.readlink())


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    for number in range(_LAST_CAPABILITY + 1):
        libc.prctl(_DROP_BOUND, number, 0, 0, 0)  # fails for those this kernel does not have
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _require(libc.syscall(_CAPSET, header, (ctypes.c_uint32 * 6)()), "capset")


def _mount(
    libc: ctypes.CDLL,
    source: str | None,
    target: str,
    kind: str | None,
    flags: int,
    data: bytes | None = None,
) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    _require(libc.mount(*encoded, ctypes.c_ulong(flags), data), f"mount {target}")


def _require(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def main() -> None:
    """Shut in, then do the job that standard input brings."""
    root, memory_bytes, seconds = sys.argv[1:4]
    try:
        shut_in(Path(root), memory_bytes=int(memory_bytes), seconds=int(seconds))
    except OSError as error:
        os.write(2, f"{error.strerror}\n".encode())
        os._exit(UNAVAILABLE)
    from hanse.compute.algorithms.sandbox.inmate import work

    work()


if __name__ == "__main__":
    main()
