"""The sandbox: what foreign code tries in it ends by name, and reaches nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from own_package import needs_sandbox

from hanse.compute.algorithms import errors
from hanse.compute.algorithms.sandbox import jail
from hanse.compute.algorithms.sandbox.jail import run_confined
from hanse.compute.algorithms.sandbox.jobs import Answer, Array, Evaluate, Trace, Traced
from hanse.core.errors import HanseError

INPUTS = [Array("x", "float32", (4,))]
FINE = "import jax.numpy as jnp\ndef algorithm(x, w):\n    return {'y': jnp.sort(x) * w}\n"


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    needs_sandbox()


def traced(source: str, *, seconds: int = 60, memory_mib: int = 512) -> Answer:
    return run_confined(Trace(source, INPUTS, {"w": 2.0}), memory_mib=memory_mib, seconds=seconds)


def said(source: str) -> str:
    """What code in the sandbox finds: the text of the error it ends with."""
    with pytest.raises(errors.NotTraceable) as caught:
        traced(source)
    return caught.value.message


def test_function_is_traced_and_its_program_evaluated() -> None:
    answer = traced(FINE)
    assert isinstance(answer, Traced)
    assert [(o.name, o.shape) for o in answer.outputs] == [("y", (4,))]
    import numpy as np

    data = np.array([3, 1, 2, 0], np.float32).tobytes()
    job = Evaluate(answer.program, [Array("x", "float32", (4,), data)], answer.outputs)
    (output,) = run_confined(job, memory_mib=512, seconds=60).outputs  # type: ignore[union-attr]
    assert np.frombuffer(output.data, np.float32).tolist() == [0, 2, 4, 6]


ESCAPES = {
    "socket": "import socket\nsocket.socket()",
    "connect": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:80')",
    "password file": "open('/etc/passwd').read()",
    "write": "open('/escaped', 'w')",
    "write beside the packages": "import jax\nopen(jax.__file__ + '.new', 'w')",
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "program": "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'])",
    "executable in place": "import os, sys\nos.execv(sys.executable, [sys.executable])",
    "threads without end": (
        "import threading, time\n"
        "while True:\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    ),
}


@pytest.mark.parametrize("source", ESCAPES.values(), ids=ESCAPES)
def test_action_is_refused_by_name(source: str) -> None:
    with pytest.raises(errors.ForbiddenAction):
        traced(source)


def test_node_home_and_user_files_are_not_there(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "keystore"
    secret.parent.mkdir()
    secret.write_text("sealed", "utf-8")
    with pytest.raises(errors.ForbiddenAction, match="FileNotFoundError"):
        traced(f"open({str(secret)!r}).read()")
    listed = said("import os\nraise ValueError(sorted(os.listdir('/')))")
    for name in ("etc", "home", "proc", "sys", "var", "dev"):
        assert f"'{name}'" not in listed


def test_environment_and_descriptors_of_the_node_do_not_reach_it(monkeypatch) -> None:
    monkeypatch.setenv("HANSE_PASSPHRASE", "very secret")
    found = said("import os\nraise ValueError(dict(os.environ))")
    assert "very secret" not in found
    opened = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(opened, True)
    try:
        counted = said(
            "import os\nn = 0\nfor i in range(4, 200):\n"
            "    try:\n        os.fstat(i); n += 1\n    except OSError: pass\nraise ValueError(n)"
        )
    finally:
        os.close(opened)
    assert counted.endswith(": 0")


def test_system_calls_that_would_open_a_way_out_are_refused() -> None:
    tried = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "raise ValueError(libc.unshare(0x10000000), libc.ptrace(0, 0, 0, 0),\n"
        "    libc.mount(None, b'/', None, 32, None), libc.chroot(b'/usr'),\n"
        "    libc.syscall(425, 8, 0), libc.setns(0, 0))"
    )
    assert said(tried).endswith("(-1, -1, -1, -1, -1, -1)")


def test_process_sees_itself_only() -> None:
    # Processes 1 (itself) and 0 (outside); its parent cannot be signalled.
    assert said("import os\nraise ValueError(os.getpid(), os.getppid())").endswith("(1, 0)")


@pytest.mark.parametrize(
    "source",
    [
        "held = []\nwhile True:\n    held.append(bytearray(10**8))",
        "import numpy\nnumpy.ones(10**10)",
    ],
    ids=["many pieces", "one piece"],
)
def test_too_much_memory_ends_by_name(source: str) -> None:
    with pytest.raises(errors.AlgorithmMemory):
        traced(source)


@pytest.mark.parametrize(
    "source", ["while True: pass", "import time\ntime.sleep(600)"], ids=["busy", "idle"]
)
def test_endless_run_ends_by_name(source: str) -> None:
    with pytest.raises(errors.AlgorithmTime):
        traced(source, seconds=3)


def test_end_without_an_answer_has_a_name() -> None:
    with pytest.raises(errors.AlgorithmCrashed):
        traced("import os\nos._exit(3)")
    with pytest.raises(errors.AlgorithmCrashed):
        traced(
            "import os\nfor i in range(3, 30):\n    try: os.write(i, b'x')\n"
            "    except OSError: pass\nos._exit(0)"
        )


def test_nothing_is_run_where_a_process_cannot_be_confined(monkeypatch) -> None:
    """The child finds that a step is impossible: no answer, whatever the job was."""
    real = subprocess.Popen

    def hampered(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        # No directory to build the new root on.
        return real([*command[:4], "/nowhere-at-all", *command[5:]], **options)  # type: ignore

    monkeypatch.setattr(jail.subprocess, "Popen", hampered)
    with pytest.raises(errors.NoSandbox):
        traced(FINE)


def test_errors_of_the_sandbox_are_named() -> None:
    for error in (errors.ForbiddenAction, errors.AlgorithmMemory, errors.AlgorithmTime):
        assert issubclass(error, HanseError)
        assert error.code.startswith("algorithm.")
