"""A small table with a huge one: the list made once and asked again, beside RR22 in the same run.

Usage: ``python bench/unbalanced.py [--small 1000] [--huge 1000000] [--rounds 3] [--folder DIR]``

`intersect` between two worker processes on this machine, links over mutual TLS, half of the small
table in the huge one. *First* makes the list, *again* finds it kept. Counted is the task without
start of the processes and connecting; *session* is what comes after checking the tables.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.rehearsal import Rehearsal

ROLES: Any = {"bank": ["owner", "receiver"], "registry": ["owner"]}
KEYS = {"left_key": "id", "right_key": "id"}


def table(rows: int, start: int) -> Any:
    """Shuffled ids of eleven characters."""
    numbers = pa.array(np.random.default_rng(start).permutation(rows) + start)
    padded = pc.utf8_lpad(pc.cast(numbers, pa.string()), 10, "0")
    return pa.table({"id": pc.binary_join_element_wise("u", padded, "")})


async def once(rehearsal: Rehearsal, small: Any, huge: Any, protocol: str) -> dict[str, float]:
    """Seconds of the slower side, processor seconds of both, memory of the larger in MiB."""
    inputs = {"left": {"bank": small}, "right": {"registry": huge}}
    done = await rehearsal.run("intersect", ROLES, inputs, KEYS, protocol=protocol)
    for outcome in done.values():
        if outcome.error is not None:
            raise outcome.error
    results = [outcome.result.measures for outcome in done.values() if outcome.result]
    phases = [{**{"set up": 0.0, "store": 0.0}, **part["seconds"]} for part in results]
    session = max(each["set up"] + each["intersect"] + each["store"] for each in phases)
    return {
        "session": session,
        "task": session + max(each["check"] for each in phases),
        "processor": sum(part["cpu_seconds"] for part in results),
        "memory": max(part["peak_mib"] for part in results),
    }


async def main() -> None:
    """Print the first run, and medians of the others in alternation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--huge", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where temporary files go; default: the system's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        rehearsal = Rehearsal(Path(place))
        huge = rehearsal.enter(table(options.huge, 0))
        small = rehearsal.enter(table(options.small, options.huge - options.small // 2))
        say("first", [await once(rehearsal, small, huge, "ecdh_unbalanced")])
        took: dict[str, list[dict[str, float]]] = {"again": [], "rr22": []}
        for _ in range(options.rounds):
            took["again"].append(await once(rehearsal, small, huge, "ecdh_unbalanced"))
            took["rr22"].append(await once(rehearsal, small, huge, "rr22"))
        for name, runs in took.items():
            say(name, runs)


def say(name: str, runs: list[dict[str, float]]) -> None:
    """Medians on a line."""
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    parts = ", ".join(f"{key} {value:.2f}" for key, value in middle.items())
    print(f"{name}: {parts}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
