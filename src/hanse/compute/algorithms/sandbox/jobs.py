"""What a confined process is asked and what it answers, as bytes."""

from __future__ import annotations

import msgspec

Value = bool | int | float | str


class Array(msgspec.Struct, frozen=True):
    """Name, dtype name and shape of an array; ``data`` its bytes in C order, when it has any."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes = b""


class Trace(msgspec.Struct, frozen=True, tag="trace"):
    """Trace the function of a source for these shapes and parameters. There is no data."""

    source: str
    inputs: list[Array]
    parameters: dict[str, Value]


class Evaluate(msgspec.Struct, frozen=True, tag="evaluate"):
    """Run a traced program in plaintext."""

    program: bytes
    inputs: list[Array]
    outputs: list[Array]


class Traced(msgspec.Struct, frozen=True, tag="traced"):
    """A program as StableHLO text; outputs in its order."""

    program: bytes
    outputs: list[Array]


class Evaluated(msgspec.Struct, frozen=True, tag="evaluated"):
    """Outputs with their data."""

    outputs: list[Array]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why there is no result: ``action``, ``memory``, ``outputs`` or ``trace``, and a text."""

    why: str
    text: str


Job = Trace | Evaluate
Answer = Traced | Evaluated | Refused
