"""Private alignment through the product beside libpsi alone, in the same run.

Usage: ``python bench/psi.py [--rows 1000000] [--rounds 3] [--suite intl]``

Both sides run with RR22, two processes on this machine, links over mutual TLS, half of the
rows in common. *libpsi alone* reads the ids from a CSV file, with the same options, and writes the
common ids; counted is the call only. *Intersection* is the product's call of libpsi. *Task*
is the whole: digest check of the encrypted table, normalising and hashing the keys, the
intersection, writing both aligned tables encrypted, with digests; process start is counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hanse.compute.engines import library
from hanse.compute.engines.link import Identity, Link, Member
from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker.main import cpu_seconds
from hanse.crypto.tls import make_task_certificate

ROLES: Any = {"bank": ["owner"], "merchant": ["owner"]}


def ids(rows: int, start: int, seed: int) -> list[str]:
    """Shuffled ids of eleven characters."""
    numbers = np.random.default_rng(seed).permutation(rows) + start
    return [f"u{number:010d}" for number in numbers.tolist()]


def raw_party(
    alias: str, members: list[Member], identity: Identity, folder: str, results: Any
) -> None:
    """One side of libpsi alone."""
    link = Link(
        "data", members, alias, identity, connect_timeout_ms=60_000, silence_timeout_ms=600_000
    )
    psi = library.libpsi()
    config = psi.PsiExecuteConfig(
        protocol_conf=psi.PsiProtocolConfig(
            protocol=psi.PsiProtocol.PROTOCOL_RR22, receiver_rank=0, broadcast_result=True
        ),
        input_params=psi.InputParams(
            path=f"{folder}/{alias}.csv", selected_keys=["id"], keys_unique=True
        ),
        output_params=psi.OutputParams(path=f"{folder}/{alias}-out.csv"),
    )
    link.exchange("ready")
    start, used = time.perf_counter(), cpu_seconds()
    psi.psi_execute(config, link.context)
    results.put((time.perf_counter() - start, cpu_seconds() - used))
    link.exchange("done")
    time.sleep(0.3)


def raw(folder: Path, columns: dict[str, list[str]]) -> tuple[float, float]:
    """Seconds of libpsi alone, the slower side's; and processor seconds of both."""
    rehearsal = Rehearsal(folder / "ports")
    parties = next(iter(rehearsal.requests("align", ROLES, {}, KEYS).values())).manifest.parties
    pairs = {
        p.alias: make_task_certificate(p.alias, round(time.time() * 1000) + 3_600_000)
        for p in parties
    }
    members = [Member(p.alias, p.endpoints["data"], pairs[p.alias][0]) for p in parties]
    for alias, values in columns.items():
        (folder / f"{alias}.csv").write_text("id\n" + "\n".join(values) + "\n")
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(
            target=raw_party, args=(alias, members, Identity(*pairs[alias]), str(folder), results)
        )
        for alias in pairs
    ]
    for process in processes:
        process.start()
    seconds = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return max(wall for wall, _ in seconds), sum(used for _, used in seconds)


KEYS = {"left_key": "id", "right_key": "id"}


async def product(folder: Path, suite: str, columns: dict[str, list[str]]) -> dict[str, float]:
    """Seconds through the product, by part."""
    rehearsal = Rehearsal(folder, suite)
    held = {
        alias: rehearsal.enter(pa.table({"id": values, "x": np.arange(len(values)) * 1.0}))
        for alias, values in columns.items()
    }
    inputs = {"left": {"bank": held["bank"]}, "right": {"merchant": held["merchant"]}}
    done = await rehearsal.run("align", ROLES, inputs, KEYS)
    parts = [outcome.result.measures["seconds"] for outcome in done.values() if outcome.result]
    for outcome in done.values():
        if outcome.error:
            raise outcome.error
    slow = {name: max(part.get(name, 0.0) for part in parts) for name in parts[0]}
    task = sum(slow[name] for name in ("check", "intersect", "store", "finish"))
    start = max(outcome.seconds for outcome in done.values()) - task
    used = sum(o.result.measures["cpu_seconds"] for o in done.values() if o.result)
    return {**slow, "task": task, "process start and connect": start, "processor": used}


def main() -> None:
    """Alternate both and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suite", default="intl")
    options = parser.parse_args()
    columns = {"bank": ids(options.rows, 0, 1), "merchant": ids(options.rows, options.rows // 2, 2)}
    alone: list[tuple[float, float]] = []
    through: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place:
        for number in range(options.rounds):
            folder = Path(place) / str(number)
            folder.mkdir()
            alone.append(raw(folder, columns))
            through.append(asyncio.run(product(folder / "product", options.suite, columns)))
            print(
                f"round {number + 1}: libpsi alone {alone[-1][0]:.2f} s, "
                f"processor {alone[-1][1]:.2f}; product "
                + ", ".join(f"{k} {v:.2f}" for k, v in through[-1].items()),
                flush=True,
            )
    base = statistics.median(wall for wall, _ in alone)
    used = statistics.median(cpu for _, cpu in alone)
    all_in = statistics.median(part["processor"] for part in through)
    task = statistics.median(part["task"] for part in through)
    call = statistics.median(part["intersect"] for part in through)
    print(
        f"libpsi alone {base:.2f} s; intersection {call:.2f} s, ratio {call / base:.2f}; "
        f"task {task:.2f} s, ratio {task / base:.2f} (aim 1.10); "
        f"processor time {used:.2f} and, with process start, {all_in:.2f} s, "
        f"ratio {all_in / used:.2f}"
    )


if __name__ == "__main__":
    main()
