"""Products of columns of different owners, as a JAX function of whole numbers.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any


def cross_products(*blocks: Any) -> tuple[Any, ...]:
    """For every two owners, first with second, first with third and so on: ``a.T @ b``.

    Args:
        blocks: int64, (rows, columns) of each owner.

    Returns:
        One array (columns of one, columns of the other) for each pair.
    """
    return tuple(
        one.T @ other for number, one in enumerate(blocks) for other in blocks[number + 1 :]
    )
