"""Where a boosting run keeps its variables: on shares at computing nodes, or in plaintext.

The run itself (`boosting.grow`) is written once and works on either board.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.replicated import Matrix, Replicated
    from hanse.compute.engines.spu import Machine

Shape = tuple[int, ...]
Value = int | float | str
Outputs = Mapping[str, tuple[str, Shape]]


class Board(Protocol):
    """Variables by name, and functions of `growing` that make new ones of them."""

    def public(self, name: str, value: Any) -> None:
        """Set a variable that everybody may know."""

    def run(self, function: str, inputs: Sequence[str], outputs: Outputs, **static: Value) -> None:
        """Apply a function; ``outputs`` gives dtype and shape of what it makes."""

    def product(
        self, left: str, right: str, out: str, shape: Shape, *, transposed: bool = False
    ) -> None:
        """Set ``out`` to a matrix product of integers, or to that with ``right`` transposed."""

    def drop(self, names: Sequence[str]) -> None:
        """Forget variables."""


class PlainBoard:
    """Everything in plaintext, by JAX on the CPU: the twin for tests and reports."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def public(self, name: str, value: Any) -> None:
        """Set a variable."""
        self.values[name] = np.asarray(value)

    def run(self, function: str, inputs: Sequence[str], outputs: Outputs, **static: Value) -> None:
        """Apply a function."""
        import jax

        with jax.experimental.enable_x64(True):
            compiled = jax.jit(_function(function), static_argnames=tuple(static))
            made = compiled(*[self.values[name] for name in inputs], **static)
            made = made if isinstance(made, tuple) else (made,)
            for (name, (dtype, shape)), value in zip(outputs.items(), made, strict=True):
                self.values[name] = np.asarray(value).astype(dtype).reshape(shape)

    def product(
        self, left: str, right: str, out: str, shape: Shape, *, transposed: bool = False
    ) -> None:
        """A matrix product; in floats, which are exact for sums of these."""
        factor = self.values[right].T if transposed else self.values[right]
        made = self.values[left].astype(np.float64) @ factor.astype(np.float64)
        self.values[out] = np.rint(made).astype(np.int64).reshape(shape)

    def drop(self, names: Sequence[str]) -> None:
        """Forget variables."""
        for name in names:
            self.values.pop(name, None)


class SharedBoard:
    """Variables as shares at a computing node.

    Args:
        machine: this node's slice of the shared machine.
        release: fingerprint of the code.

    Attributes:
        from_cache: whether all programs came from the cache.
        seconds: spent on compiling, in SPU's programs, and on products outside it.
    """

    def __init__(self, machine: Machine, release: str) -> None:
        self.machine = machine
        self.from_cache = True
        self.seconds = {"compile": 0.0, "engine": 0.0, "products": 0.0}
        self._release = release
        self._kinds: dict[str, tuple[str, Shape, bool]] = {}
        self._ready: dict[str, Any] = {}
        self._matrices: dict[str, Matrix] = {}
        self._replicated: Replicated | None = None
        if machine.protocol == "aby3":
            from hanse.compute.engines.replicated import Replicated

            self._replicated = Replicated(machine.link)

    def secret(self, name: str, dtype: str, shape: Shape) -> None:
        """Say what kind of variable the machine holds by that name."""
        self._kinds[name] = (dtype, shape, True)

    def public(self, name: str, value: Any) -> None:
        """Set a variable all nodes know."""
        array = np.asarray(value)
        self.machine.put_public(name, array)
        self._kinds[name] = (str(array.dtype), array.shape, False)

    def run(self, function: str, inputs: Sequence[str], outputs: Outputs, **static: Value) -> None:
        """Apply a function on shares."""
        from hanse.compute.engines.programs import Input, Program

        program = Program(
            name=f"trees-{function}",
            load=lambda: _function(function),
            static=static,
            inputs=[Input(name, *self._kinds[name]) for name in inputs],
            outputs=list(outputs),
            release=self._release,
        )
        ready = self._load(program)
        since = time.monotonic()
        self.machine.run(ready)
        self._spent("engine", since)
        for name, (dtype, shape) in outputs.items():
            self.secret(name, dtype, shape)

    def join(self, blocks: Mapping[str, int], out: str, rows: int) -> None:
        """Put integer matrices side by side as the one that `product` multiplies with.

        Args:
            blocks: name and columns of each.
            out: what the joint matrix is called; the blocks are forgotten.
            rows: of all blocks.
        """
        if self._replicated is None:
            for name, columns in blocks.items():
                self.secret(name, "int64", (rows, columns))
            self.run("side_by_side", list(blocks), {out: ("int64", (rows, sum(blocks.values())))})
            self.drop(list(blocks))
            return
        from hanse.compute.engines.replicated import Matrix
        from hanse.compute.engines.shares import words_of

        words = []
        for name, columns in blocks.items():
            words.append(words_of(self.machine.get(name), (rows, columns)))
            self.machine.drop(name)
        self._matrices[out] = Matrix(np.concatenate(words, axis=1))

    def product(
        self, left: str, right: str, out: str, shape: Shape, *, transposed: bool = False
    ) -> None:
        """A matrix product on shares."""
        if self._replicated is None:
            function = "dot_transposed" if transposed else "dot"
            self.run(function, [left, right], {out: ("int64", shape)})
            return
        from hanse.compute.engines.shares import share_of

        since = time.monotonic()
        if transposed:
            made = self._replicated.answers(self._matrices[left], self._words(right))
        else:
            made = self._replicated.sums(self._words(left), self._matrices[right])
        self.machine.put(out, share_of(made.reshape(*shape, 2), "int64", self.machine.sharing))
        self.secret(out, "int64", shape)
        self._spent("products", since)

    def _spent(self, what: str, since: float) -> None:
        self.seconds[what] += time.monotonic() - since

    def _words(self, name: str) -> Any:
        from hanse.compute.engines.shares import words_of

        return words_of(self.machine.get(name), self._kinds[name][1])

    def _load(self, program: Any) -> Any:
        key = program.key()
        if key not in self._ready:
            since = time.monotonic()
            self._ready[key], cached = self.machine.load(program)
            self._spent("compile", since)
            self.from_cache = self.from_cache and cached
        return self._ready[key]

    def drop(self, names: Sequence[str]) -> None:
        """Forget variables."""
        for name in names:
            if self._kinds.pop(name, None) is not None:
                self.machine.drop(name)


def _function(name: str) -> Callable[..., Any]:
    from hanse.compute.operators.trees import growing

    found: Callable[..., Any] = getattr(growing, name)
    return found


def open_among(link: Link, machine: Machine, name: str) -> Any:
    """Open a variable to all computing nodes."""
    shares = link.exchange(machine.get(name).hex())
    return machine.sharing.join([bytes.fromhex(shares[alias]) for alias in link.aliases])
