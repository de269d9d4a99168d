"""Import, digest, profile and export of tables, beside raw DuckDB on the same file.

Usage: ``python bench/data.py [--rows 2000000] [--suite sm] [--repeat 3]``

The file has eight columns (ids, whole numbers, amounts, scores, words, dates, truth values,
Chinese names). Rates are megabytes (10^6) of the CSV file per second, best of the repeats.
DuckDB writes plain Parquet (zstd) with types from the whole file (``sample_size=-1``), which
is what the import does, and hashes every cell of that Parquet file without cryptography. The
ratio is our rate divided by DuckDB's; import does more (named errors, encryption, sync), and
the digest is a cryptographic hash, whose own speed is the other limit printed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from hanse.crypto.suite import get_suite
from hanse.data.digest import content_digest
from hanse.data.exporting import export_table
from hanse.data.importing import import_file
from hanse.data.profile import profile
from hanse.data.vault import Vault

BLOCK_ROWS = 500_000


def write_source(path: Path, rows: int) -> None:
    """A CSV file of unlike columns, the same at each run."""
    chance = np.random.default_rng(1)
    jobs, names = np.array(["skilled", "unskilled", "none"]), np.array(["张三", "李四", "王, 五"])
    writer = None
    for start in range(0, rows, BLOCK_ROWS):
        n = min(BLOCK_ROWS, rows - start)
        numbers = pa.array(np.arange(start, start + n) * 7919 % rows + 10**8)
        days = pa.array(chance.integers(10_000, 20_000, n).astype("i4"))
        columns = {
            "id": pa.compute.binary_join_element_wise("C", numbers.cast(pa.string()), ""),
            "age": chance.integers(18, 90, n),
            "amount": np.round(chance.lognormal(8, 1, n), 2),
            "score": chance.normal(size=n),
            "job": pa.array(jobs[chance.integers(0, 3, n)]),
            "day": days.cast(pa.date32()),
            "flag": chance.integers(0, 2, n).astype(bool),
            "姓名": pa.array(names[chance.integers(0, 3, n)]),
        }
        block = pa.table(columns)
        writer = writer or pacsv.CSVWriter(path, block.schema)
        writer.write_table(block)
    if writer is not None:
        writer.close()


def best(work: Callable[[], object], repeat: int) -> float:
    """Seconds of the fastest run."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def hash_rate(suite_name: str) -> float:
    """Megabytes per second of the suite's hash alone, one core."""
    suite, data = get_suite(suite_name), os.urandom(1 << 25)
    return len(data) / 1e6 / best(lambda: suite.hash(data), 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--suite", default="sm", choices=["sm", "intl"])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    suite = get_suite(given.suite)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, plain, copy = (
            folder / "source.csv",
            folder / "plain.parquet",
            folder / "out.parquet",
        )
        write_source(source, given.rows)
        size = source.stat().st_size / 1e6
        vault = Vault(folder / "vault", suite, bytes(32))
        table = import_file(source, vault)
        export_table(table, copy, "parquet")
        duck = duckdb.connect()
        read = f"read_csv('{source}', sample_size=-1)"  # the whole file decides the types

        def imported(path: Path, **options: object) -> Callable[[], None]:
            return lambda: vault.delete(import_file(path, vault, **options).id)

        ours = {
            "import CSV": imported(source),
            "import CSV, unique key": imported(source, key_columns=["id"]),
            "import Parquet": imported(copy),
            "digest": lambda: content_digest(suite, table),
            "profile": lambda: profile(table),
            "export CSV": lambda: export_table(table, folder / "out.csv", replace=True),
        }
        to_plain = f"TO '{plain}' (FORMAT parquet, COMPRESSION zstd)"
        raw = {
            "import CSV": f"COPY (FROM {read}) {to_plain}",
            "import CSV, unique key": f"COPY (FROM {read}) {to_plain}; "
            f"SELECT count(DISTINCT id) FROM '{plain}'",
            "import Parquet": f"COPY (FROM '{copy}') {to_plain}",
            "digest": f"SELECT bit_xor(hash(COLUMNS(*))) FROM '{plain}'",
            "profile": f"SUMMARIZE FROM '{plain}'",
            "export CSV": f"COPY (FROM '{plain}') TO '{folder}/raw.csv'",
        }
        print(
            f"{given.rows:,} rows, {size:,.0f} MB CSV, suite {given.suite}, {os.cpu_count()} cores"
        )
        print(
            f"vault {table.size_bytes / 1e6:,.0f} MB; {suite.hash_algorithm} alone "
            f"{hash_rate(given.suite):,.0f} MB/s per core"
        )
        print(f"{'':24}{'Hanse MB/s':>12}{'DuckDB MB/s':>13}{'ratio':>8}")
        for what, work in ours.items():
            query = raw[what]
            mine = size / best(work, given.repeat)
            theirs = size / best(lambda query=query: duck.execute(query).fetchall(), given.repeat)
            print(f"{what:24}{mine:12,.0f}{theirs:13,.0f}{mine / theirs:8.2f}")


if __name__ == "__main__":
    main()
