"""Run every benchmark, one after the other, each beside its limit.

Usage: ``python bench/run.py [name …]``; without names: all. The figures belong in
``docs/performance.md`` with machine and command.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHES = (
    "state",
    "ledger",
    "bft",
    "data",
    "psi",
    "unbalanced",
    "binning",
    "regression",
    "sql",
    "services",
    "shaped",
    "demo",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks; returns the number of failures."""
    failed = 0
    for name in names or list(BENCHES):
        print(f"== {name}", flush=True)
        failed += (
            subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=False).returncode != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
