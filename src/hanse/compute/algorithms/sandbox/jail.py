"""Starts a confined process, hands it a job, and takes its answer or its end, by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from hanse.compute.algorithms.errors import (
    AlgorithmCrashed,
    AlgorithmMemory,
    AlgorithmTime,
    ForbiddenAction,
    NoSandbox,
    NotTraceable,
    OutputsDiffer,
)
from hanse.compute.algorithms.sandbox.confinement import UNAVAILABLE
from hanse.compute.algorithms.sandbox.jobs import Answer, Job, Refused
from hanse.core.errors import HanseError

OWN_MIB = 2560
"""Address space of interpreter, JAX and its threads before anything foreign is there."""
MAX_ANSWER_BYTES = 64 << 20
_MODULE = "hanse.compute.algorithms.sandbox.confinement"
_ENVIRONMENT = {
    "PATH": "/nowhere",
    "HOME": "/nowhere",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "JAX_PLATFORMS": "cpu",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "SPDLOG_LEVEL": "off",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def run_confined(job: Job, *, memory_mib: int, seconds: int) -> Answer:
    """Do a job in a process of its own that can reach nothing.

    Args:
        job: what to do.
        memory_mib: memory allowed beyond what interpreter and JAX take.
        seconds: time allowed, by the clock and of the processor.

    Returns:
        The answer; not to be believed, see `inmate`.

    Raises:
        NoSandbox: when this host cannot confine a process. Nothing was run.
        NotTraceable, OutputsDiffer, ForbiddenAction, AlgorithmMemory, AlgorithmTime,
        AlgorithmCrashed: how it ended.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-sandbox-") as root:
        data, status, notes = _run(job, Path(root), memory_mib + OWN_MIB, seconds)
    if status == UNAVAILABLE:
        raise NoSandbox(f"a process cannot be confined here ({notes[:200]})")
    if status != 0 or len(data) > MAX_ANSWER_BYTES:
        raise _ended(status, notes)
    try:
        answer: Answer = msgspec.msgpack.decode(data, type=Answer)
    except msgspec.DecodeError as error:
        raise AlgorithmCrashed("the sandbox answered something else") from error
    if isinstance(answer, Refused):
        raise _refused(answer)
    return answer


def _run(job: Job, root: Path, memory_mib: int, seconds: int) -> tuple[bytes, int, str]:
    command = [sys.executable, "-P", "-m", _MODULE, str(root), str(memory_mib << 20)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT | _python_path(),
        start_new_session=True,
    )
    try:
        data, notes = process.communicate(msgspec.msgpack.encode(job), timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise AlgorithmTime(f"not done within {seconds} s") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return data, process.returncode, notes.decode("utf-8", "replace").strip()


def _python_path() -> dict[str, str]:
    own = str(Path(__file__).resolve().parents[4])
    return {"PYTHONPATH": own}


def _ended(status: int, notes: str) -> HanseError:
    if "bad_alloc" in notes or "MemoryError" in notes or "out of memory" in notes.lower():
        return AlgorithmMemory("the memory it was given was not enough")
    if status == 256 - signal.SIGKILL:  # by the limit of processor time
        return AlgorithmTime("the processor time it was given was not enough")
    return AlgorithmCrashed(f"the sandbox ended with status {status}", debug=notes[-300:])


def _refused(answer: Refused) -> HanseError:
    if answer.why == "memory":
        return AlgorithmMemory("the memory it was given was not enough")
    kinds: dict[str, type[HanseError]] = {
        "action": ForbiddenAction,
        "outputs": OutputsDiffer,
    }
    return kinds.get(answer.why, NotTraceable)(answer.text[:400])
