"""The traced program of an algorithm: made in the sandbox, checked, compiled for SPU."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hanse.compute.algorithms.errors import AlgorithmCrashed, OutputsDiffer, ProgramRefused
from hanse.compute.algorithms.manifest import Manifest, Value
from hanse.compute.algorithms.package import Package
from hanse.compute.algorithms.sandbox.jail import run_confined
from hanse.compute.algorithms.sandbox.jobs import Array, Evaluate, Evaluated, Trace, Traced
from hanse.compute.engines import library
from hanse.compute.engines.programs import store
from hanse.core.canonical import tagged

MAX_PROGRAM_BYTES = 1 << 20
MAX_OPERATIONS = 20_000
_OPERATION = re.compile(r'(?:^|[\s"=(])([a-z_]+)\.([a-z_0-9]+)(?=["\s(<])')
_QUOTED = re.compile(r'(?:jax\.result_info|mhlo\.layout_mode) = "[^"]*"')
_OPERATIONS = """
abs add and broadcast broadcast_in_dim case ceil clamp compare concatenate constant convert
convolution cosine divide dot dot_general dynamic_slice dynamic_update_slice exponential
exponential_minus_one floor gather if iota log log_plus_one logistic maximum minimum multiply
negate not or pad power reduce reduce_window remainder reshape return reverse
round_nearest_afz round_nearest_even rsqrt select shift_left shift_right_arithmetic
shift_right_logical sign sine slice sort sqrt subtract tan tanh transpose while xor
"""
OPERATIONS = {
    "stablehlo": frozenset(_OPERATIONS.split()),
    "chlo": frozenset({"erf", "erf_inv", "square", "top_k"}),
    "func": frozenset({"func", "return", "call"}),
}
_ATTRIBUTES = ("mhlo", "jax")  # of the module and of arguments


def trace(package: Package, rows: int, settings: Mapping[str, Value], cache_dir: str) -> Traced:
    """The program for a number of rows, from the cache or from the sandbox; checked.

    Raises:
        HanseError: the named errors of `run_confined`, ProgramRefused, OutputsDiffer.
    """
    manifest = package.manifest
    inputs = [Array(name, c.dtype, (rows,)) for name, c in sorted(manifest.inputs.items())]
    path = _cached(package, inputs, settings, cache_dir)
    if path is not None and path.exists():
        return msgspec.msgpack.decode(path.read_bytes(), type=Traced)
    limits = manifest.limits
    answer = run_confined(
        Trace(package.source, inputs, dict(settings)),
        memory_mib=limits.memory_mib,
        seconds=limits.seconds,
    )
    if not isinstance(answer, Traced):
        raise AlgorithmCrashed("the sandbox answered something else")
    check_program(answer.program)
    _check_outputs(manifest, rows, answer.outputs)
    if path is not None:
        store(path, msgspec.msgpack.encode(answer))
    return answer


def check_program(program: bytes) -> None:
    """Refuse a program that is large or has operations beyond plain arithmetic on arrays.

    Raises:
        ProgramRefused: naming the operation.
    """
    if len(program) > MAX_PROGRAM_BYTES:
        raise ProgramRefused(f"the program is longer than {MAX_PROGRAM_BYTES} bytes")
    found = _OPERATION.findall(_QUOTED.sub("", program.decode("utf-8", "replace")))
    if len(found) > MAX_OPERATIONS:
        raise ProgramRefused(f"the program has more than {MAX_OPERATIONS} operations")
    for dialect, name in found:
        if dialect not in _ATTRIBUTES and name not in OPERATIONS.get(dialect, ()):
            raise ProgramRefused(f"the operation {dialect}.{name} is not allowed")


def compile_program(traced: Traced, names: Sequence[str], outputs: Sequence[str]) -> Any:
    """The SPU executable; every input is secret.

    Args:
        traced: the program.
        names: variables of the inputs, in the manifest's sorted order.
        outputs: variables that take the results.

    Raises:
        ProgramRefused: when SPU cannot compile it.
    """
    spu = library.libspu()
    secret = [spu.Visibility.VIS_SECRET] * len(names)
    source = spu.CompilationSource(spu.SourceIRType.STABLEHLO, traced.program, secret)
    try:
        code = library.spu_api().compile(source, spu.CompilerOptions())
    except RuntimeError as error:
        raise ProgramRefused("SPU has no form of an operation in it", debug=str(error)) from error
    return spu.Executable(
        name="algorithm", input_names=list(names), output_names=list(outputs), code=code
    )


def evaluate(traced: Traced, arrays: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Run the program in plaintext, in the sandbox; arrays by name.

    Raises:
        HanseError: the named errors of `run_confined`, OutputsDiffer.
    """
    import numpy as np

    given = [
        Array(name, c.dtype, arrays[name].shape, np.ascontiguousarray(arrays[name]).tobytes())
        for name, c in sorted(manifest.inputs.items())
    ]
    limits = manifest.limits
    answer = run_confined(
        Evaluate(traced.program, given, traced.outputs),
        memory_mib=limits.memory_mib,
        seconds=limits.seconds,
    )
    if not isinstance(answer, Evaluated):
        raise AlgorithmCrashed("the sandbox answered something else")
    if [(o.name, o.shape) for o in answer.outputs] != [(o.name, o.shape) for o in traced.outputs]:
        raise OutputsDiffer("the program gave other outputs than were traced")
    return {o.name: np.frombuffer(o.data, o.dtype).reshape(o.shape) for o in answer.outputs}


def _check_outputs(manifest: Manifest, rows: int, outputs: Sequence[Array]) -> None:
    given = {output.name: tuple(output.shape) for output in outputs}
    wanted = {name: output.extents(rows) for name, output in manifest.outputs.items()}
    for name in sorted({*given, *wanted}):
        if name not in given or name not in wanted:
            side = "returned" if name not in given else "declared"
            raise OutputsDiffer(f"the output {name[:60]!r} is not {side}")
        if given[name] != wanted[name]:
            raise OutputsDiffer(f"the output {name!r} has another shape than is declared")


def _cached(
    package: Package, inputs: Sequence[Array], settings: Mapping[str, Value], cache_dir: str
) -> Path | None:
    if not cache_dir:
        return None
    versions = [importlib.metadata.version(name) for name in ("spu", "jax")]
    parts = [package.source, package.manifest_text, list(inputs), dict(settings), versions]
    encoded = msgspec.json.encode(parts, order="deterministic")
    key = hashlib.sha256(tagged("hanse/traced/1", encoded)).hexdigest()
    return Path(cache_dir) / f"{key}.traced"
