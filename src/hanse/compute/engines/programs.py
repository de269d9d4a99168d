"""Programs for computing nodes: JAX functions compiled once per shape and kept on disk.

A program is fixed by the code of this release, its name, its static arguments, the shapes,
types and visibility of its inputs, and the versions of SPU and JAX. With the executable at hand
JAX need not even be loaded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hanse.compute.engines import library
from hanse.core.canonical import tagged


class Input(msgspec.Struct, frozen=True):
    """An input of a program: variable, dtype name, shape, and whether it is secret."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    secret: bool = True


class Program(msgspec.Struct, frozen=True):
    """A function with fixed static arguments and inputs.

    Attributes:
        name: names the function in the cache; change it when the function changes meaning.
        load: returns the JAX function; called only when it has to be compiled.
        static: keyword arguments fixed at compilation.
        inputs: in the order of the function's positional arguments.
        outputs: variables that take its results, in order.
        release: fingerprint of the code, so that another release compiles anew.
    """

    name: str
    load: Callable[[], Callable[..., Any]]
    static: Mapping[str, int | float | str]
    inputs: Sequence[Input]
    outputs: Sequence[str]
    release: str

    def key(self) -> str:
        """Hex digest that names the compiled program."""
        versions = [importlib.metadata.version(name) for name in ("spu", "jax")]
        parts = [
            self.name,
            self.release,
            dict(self.static),
            list(self.inputs),
            list(self.outputs),
            versions,
        ]
        encoded = msgspec.json.encode(parts, order="deterministic")
        return hashlib.sha256(tagged("hanse/program/1", encoded)).hexdigest()


def executable(program: Program, cache_dir: str) -> tuple[Any, bool]:
    """The compiled program, from the cache when it is there.

    Args:
        program: what to compile.
        cache_dir: a directory private to this node; "" for none.

    Returns:
        SPU executable, and whether it came from the cache.
    """
    path = Path(cache_dir) / f"{program.key()}.pphlo" if cache_dir else None
    if path is not None:
        with contextlib.suppress(OSError):
            return _executable(program, path.read_bytes()), True
    code = _compile(program)
    if path is not None:
        store(path, code)
    return _executable(program, code), False


def _executable(program: Program, code: bytes) -> Any:
    return library.libspu().Executable(
        name=program.name,
        input_names=[each.name for each in program.inputs],
        output_names=list(program.outputs),
        code=code,
    )


def _compile(program: Program) -> bytes:
    frontend = library.spu_frontend()
    import jax

    function = program.load()
    if program.static:
        function = functools.partial(function, **program.static)
    spu = library.libspu()
    kinds = {True: spu.Visibility.VIS_SECRET, False: spu.Visibility.VIS_PUBLIC}
    arguments = [np.zeros(each.shape, each.dtype) for each in program.inputs]
    wide = any(each.dtype in {"int64", "float64"} for each in program.inputs)
    with jax.experimental.enable_x64(wide):
        compiled, _ = frontend.compile(
            frontend.Kind.JAX,
            function,
            arguments,
            {},
            [each.name for each in program.inputs],
            [kinds[each.secret] for each in program.inputs],
            lambda flat: list(program.outputs)[: len(flat)],
        )
    code: bytes = compiled.code
    return code


def store(path: Path, code: bytes) -> None:
    """Write aside and rename, so that a reader sees all of it or nothing."""
    with contextlib.suppress(OSError):  # a cache that cannot be written is no failure
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_suffix(f".{secrets.token_hex(4)}.part")
        aside.write_bytes(code)
        aside.replace(path)
