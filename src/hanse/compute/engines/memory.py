"""Gives freed memory back to the system.

libpsi frees what it took in pieces that the C library keeps: 150 MiB after a part of a million
keys, and as much again after the next.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Return what was freed but kept; some milliseconds."""
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)  # glibc, which the wheels of spu are built for
