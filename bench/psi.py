"""Private alignment through the product beside libpsi alone, in the same run.

Usage: ``python bench/psi.py [--rows 1000000] [--rounds 3] [--suite intl]``

Both sides run with RR22, two processes on this machine, links over mutual TLS, half of the
rows in common. *libpsi alone* reads the ids from a CSV file and writes the common ids; counted is
the call only. *Aligned*, it does the same job as the task: both parties get the common rows in
one order. *Unaligned*, it has exactly the options the product gives it, and leaves its result in
the order of the input, which the product chooses so that it is the same at both.
*Intersection* is the product's call of libpsi. *Task* is the whole: digest check of the encrypted
table, normalising and hashing the keys, the intersection, writing both aligned tables encrypted,
with digests; process start is counted apart.
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
    alias: str,
    members: list[Member],
    identity: Identity,
    folder: str,
    aligned: bool,
    results: Any,
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
        output_params=psi.OutputParams(
            path=f"{folder}/{alias}-out.csv", disable_alignment=not aligned
        ),
    )
    link.exchange("ready")
    start, used = time.perf_counter(), cpu_seconds()
    psi.psi_execute(config, link.context)
    results.put((time.perf_counter() - start, cpu_seconds() - used))
    link.exchange("done")
    time.sleep(0.3)


def raw(folder: Path, columns: dict[str, list[str]], aligned: bool) -> tuple[float, float]:
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
            target=raw_party,
            args=(alias, members, Identity(*pairs[alias]), str(folder), aligned, results),
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
    alone: dict[str, list[tuple[float, float]]] = {"aligned": [], "unaligned": []}
    through: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place:
        for number in range(options.rounds):
            folder = Path(place) / str(number)
            folder.mkdir()
            for name, runs in alone.items():
                # A folder each: libpsi leaves remarks on its input for the next run to use.
                runs.append(raw(folder / name, columns, aligned=name == "aligned"))
            through.append(asyncio.run(product(folder / "product", options.suite, columns)))
            print(
                f"round {number + 1}: libpsi alone "
                + ", ".join(
                    f"{name} {runs[-1][0]:.2f} s, processor {runs[-1][1]:.2f}"
                    for name, runs in alone.items()
                )
                + "; product "
                + ", ".join(f"{k} {v:.2f}" for k, v in through[-1].items()),
                flush=True,
            )
    report(alone, through)


def report(alone: dict[str, list[tuple[float, float]]], through: list[dict[str, float]]) -> None:
    """Medians, and ratios to both ways of running libpsi alone."""
    task = statistics.median(part["task"] for part in through)
    call = statistics.median(part["intersect"] for part in through)
    used = statistics.median(part["processor"] for part in through)
    print(
        f"task {task:.2f} s, of it intersection {call:.2f} s; processor, with start, {used:.2f} s"
    )
    for name, runs in alone.items():
        base = statistics.median(wall for wall, _ in runs)
        cpu = statistics.median(cpu for _, cpu in runs)
        print(
            f"libpsi alone, {name}: {base:.2f} s, processor {cpu:.2f} s; ratio of the intersection "
            f"{call / base:.2f}, of the task {task / base:.2f} (aim 1.10), of processor time "
            f"{used / cpu:.2f}"
        )


if __name__ == "__main__":
    main()
