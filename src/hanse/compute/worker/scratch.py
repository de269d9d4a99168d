"""A task's directory: scratch files, outputs and log; and how it is wiped."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

SCRATCH = "scratch"
OUT = "out"
LOG = "worker.log"
_BLOCK = 1 << 20
# libpsi writes a file of timings to a place that cannot be chosen, and logs its name.
_TRACE = re.compile(rb"/tmp/psi_[A-Za-z0-9_-]{1,64}\.trace")


def prepare(work_dir: Path) -> None:
    """Create the directory and its parts, readable by this user only; old parts are wiped."""
    for part in (work_dir, work_dir / SCRATCH, work_dir / OUT):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (SCRATCH, OUT):
        wipe(work_dir / name, keep=True)


def enter(work_dir: Path) -> Path:
    """Make the scratch directory this process's current and temporary one.

    Returns:
        A way to it without characters that mean something to a shell: libpsi puts the names of
        its temporary files into a shell command unquoted.
    """
    folder = work_dir / SCRATCH
    os.chdir(folder)
    if not re.fullmatch(r"[A-Za-z0-9_./-]+", str(folder)):
        folder = Path(f"/proc/{os.getpid()}/cwd")
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def wipe_task(work_dir: Path, succeeded: bool) -> None:
    """Wipe the scratch files, and the outputs too when the task failed. The log stays."""
    wipe(work_dir / SCRATCH)
    _remove_traces(work_dir / LOG)
    if not succeeded:
        wipe(work_dir / OUT)


def wipe(directory: Path, *, keep: bool = False) -> None:
    """Overwrite every file below once, then remove it.

    Scratch holds digests of keys, never rows, and belongs on an encrypted file system:
    overwriting does not reach old blocks of flash and copy-on-write storage.
    """
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with contextlib.suppress(OSError):
                _overwrite(path)
    shutil.rmtree(directory, ignore_errors=True)
    if keep:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _remove_traces(log: Path) -> None:
    with contextlib.suppress(OSError):
        for name in set(_TRACE.findall(log.read_bytes())):
            Path(name.decode()).unlink(missing_ok=True)


def _overwrite(path: Path) -> None:
    left = path.stat().st_size
    zeros = bytes(min(left, _BLOCK))
    with path.open("r+b", buffering=0) as file:
        while left > 0:
            left -= file.write(zeros[:left])
        os.fsync(file.fileno())
