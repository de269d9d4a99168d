"""What runs in the sandbox: tracing a foreign function, or evaluating what was traced.

Foreign Python runs in this process and can make it say anything, so nothing said here is
believed: the other side checks the program's form, size, operations and shapes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from hanse.compute.algorithms.sandbox.jobs import (
    Answer,
    Array,
    Evaluate,
    Evaluated,
    Job,
    Refused,
    Trace,
    Traced,
)

FUNCTION = "algorithm"
MAX_TEXT = 300


def work() -> None:
    """Read a job, do it, write the answer and leave."""
    pipe = os.dup(1)
    os.dup2(2, 1)  # what foreign code prints goes where it does no harm
    job: Job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    answer: Answer
    try:
        answer = _trace(job) if isinstance(job, Trace) else _evaluate(job)
    except MemoryError:
        answer = Refused("memory", "")
    except (OSError, ImportError) as error:
        answer = Refused("action", _said(error))
    except BaseException as error:
        answer = Refused(_why(error), _said(error) if isinstance(job, Trace) else "")
    data = msgspec.msgpack.encode(answer)
    while data:
        data = data[os.write(pipe, data) :]
    os._exit(0)


def _why(error: BaseException) -> str:
    if "RESOURCE_EXHAUSTED" in str(error):
        return "memory"
    return "action" if "can't start new thread" in str(error) else "trace"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:MAX_TEXT]


def _trace(job: Trace) -> Answer:
    import jax

    from hanse.compute.algorithms.sandbox.lowering import lower

    # Loaded before foreign code runs, so that a refused file is the foreign code's doing.
    lower(lambda x: {"x": x}, [jax.ShapeDtypeStruct((1,), "float32")])
    space: dict[str, Any] = {"__name__": "algorithm_package"}
    exec(compile(job.source, "algorithm.py", "exec"), space)  # noqa: S102 - in the sandbox
    function = space.get(FUNCTION)
    if not callable(function):
        return Refused("outputs", f"the source has no function {FUNCTION!r}")
    names = [each.name for each in job.inputs]
    shapes = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in job.inputs]

    def called(*arrays: Any) -> Any:
        returned = function(**dict(zip(names, arrays, strict=True)), **job.parameters)
        if not isinstance(returned, Mapping) or not all(isinstance(k, str) for k in returned):
            raise TypeError("the function must return a dictionary of arrays by name")
        return {name: jax.numpy.asarray(returned[name]) for name in sorted(returned)}

    program, outputs = lower(called, shapes)
    found = [Array(name, str(o.dtype), tuple(o.shape)) for name, o in sorted(outputs.items())]
    return Traced(program.encode(), found)


def _evaluate(job: Evaluate) -> Answer:
    import numpy as np

    from hanse.compute.algorithms.sandbox.lowering import evaluate

    arrays = [np.frombuffer(each.data, each.dtype).reshape(each.shape) for each in job.inputs]
    values = [np.asarray(value) for value in evaluate(job.program, arrays)]
    return Evaluated(
        [
            Array(each.name, str(value.dtype), value.shape, value.tobytes())
            for each, value in zip(job.outputs, values, strict=True)
        ]
    )
