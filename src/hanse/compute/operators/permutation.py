"""Permutations that every owner computes alike, whatever its library versions.

Random numbers are the raw 64-bit output of Philox4x64-10 (Salmon et al., SC 2011), whose stream
NumPy guarantees, and not one of its samplers, which may change between versions.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from hanse.core.canonical import tagged

Rows = npt.NDArray[np.int64]


def permutation(rows: int, seed: bytes) -> Rows:
    """A pseudo-random permutation of ``range(rows)`` fixed by the seed.

    Not for secrecy: the seed is known to all parties of a session.
    """
    key = np.frombuffer(hashlib.sha256(tagged("hanse/permutation/1", seed)).digest()[:16], "<u8")
    draws = np.random.Philox(key=key).random_raw(rows)
    return np.argsort(draws, kind="stable").astype(np.int64)


def split_rows(rows: int, test_fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Row numbers for training and for test, ascending; each part has at least one.

    Args:
        rows: at least 2.
        test_fraction: share of the test rows, rounded to a whole number of rows.
        seed: 0 to 2^32 - 1.
    """
    test = min(max(round(rows * test_fraction), 1), rows - 1)
    order = permutation(rows, seed.to_bytes(8, "big"))
    return np.sort(order[test:]), np.sort(order[:test])
