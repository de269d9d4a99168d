"""DuckDB, confined: no file access, no extensions, and nothing spilled to disk.

DuckDB would write what exceeds its memory to plain temporary files. Here the temporary folder
is empty, its size limit zero and outside access off, and the configuration locked: a query that
would spill fails instead. Hanse gives it only streaming aggregates, whose state is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

MEMORY = "512MB"


@contextmanager
def confined(memory: str = MEMORY, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh in-memory connection.

    Args:
        memory: limit, as DuckDB spells it.
        threads: worker threads.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "temp_directory": "",
            "max_temp_directory_size": "0KB",
            "memory_limit": memory,
            "threads": str(threads),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
        },
    )
    try:
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()
