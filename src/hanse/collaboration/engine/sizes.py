"""How large the inputs of a step are, and what memory its workers will take.

Every party tells the others the size of its parts in its offer, rounded up to three significant
bits, so that a node that only computes can reserve memory before anything starts.

**Leaks**: to the parties of a step, the rows and values each brings, to a quarter at best. The
operators that run between them tell at least the exact row count (`docs/operators.md`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from hanse.collaboration.engine.errors import MemoryNeeded
from hanse.compute.operators import OperatorSpec

KEPT_BITS = 3
Count = Annotated[int, Meta(ge=0, le=2**53)]


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of the longest table and values of all tables a party brings, rounded up."""

    rows: Count = 0
    cells: Count = 0


def size_of(tables: Iterable[tuple[int, int]]) -> Size:
    """Size of tables given as (rows, columns)."""
    rows = cells = 0
    for height, width in tables:
        rows, cells = max(rows, height), cells + height * width
    return Size(rounded(rows), rounded(cells))


def rounded(count: int) -> int:
    """The next number that has at most three significant bits."""
    spare = max(0, count.bit_length() - KEPT_BITS)
    return -(-count >> spare) << spare if count else 0


def memory_needed(operator: OperatorSpec, sizes: Iterable[Size]) -> int:
    """Bytes a worker of the operator may take when parties bring so much."""
    known = list(sizes)
    rows = max((size.rows for size in known), default=0)
    return operator.memory.estimate_bytes(rows, sum(size.cells for size in known))


def refuse_too_large(operator: OperatorSpec, needed_bytes: int, lent_bytes: int) -> None:
    """Refuse a step that can never fit, before anything starts.

    Args:
        operator: of the step.
        needed_bytes: see `memory_needed`.
        lent_bytes: what this node lends to tasks; 0 is no limit.

    Raises:
        MemoryNeeded: with the figure needed.
    """
    if lent_bytes and needed_bytes > lent_bytes:
        raise MemoryNeeded(
            f"{operator.name} on data of this size needs {-(-needed_bytes >> 20)} MiB at each "
            f"party; this node lends {lent_bytes >> 20} MiB to tasks"
        )
