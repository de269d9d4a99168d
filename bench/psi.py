"""Private alignment through the product beside libpsi alone, in the same run.

Usage: ``python bench/psi.py [--rows 1000000] [--rounds 3] [--suite intl] [--folder DIR]``

Both sides run with RR22, two processes on this machine, links over mutual TLS, half of the
rows in common. *libpsi alone* reads the ids from a CSV file and writes the common ids; counted is
the call only. *Aligned*, it does the same job as the task: both parties get the common rows in
one order. *Unaligned*, it has exactly the options the product gives it, and leaves its result in
the order of the input, which the product chooses so that it is the same at both.
*Intersection* is the product's call of libpsi. *Task* is the whole: digest check of the encrypted
table, normalising and hashing the keys, the intersection, writing both aligned tables encrypted,
with digests; process start is counted apart. *Memory* is the peak of resident memory of the larger
of both processes; *disk* the most that their files took, inputs included.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from hanse.compute.engines import library
from hanse.compute.engines.link import Identity, Link, Member
from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker.main import cpu_seconds
from hanse.compute.worker.watch import peak_bytes
from hanse.crypto.tls import make_task_certificate

ROLES: Any = {"bank": ["owner"], "merchant": ["owner"]}


class Alone(NamedTuple):
    """What a run of libpsi alone took; the slower or larger side's, processor time of both."""

    seconds: float
    processor: float
    memory_mib: int
    disk_mib: int


class Disk:
    """The most that the files of a folder take while they are watched."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stopped = folder, threading.Event()
        self.peak_mib = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look again and again until the end of the block."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(0.1):
            taken = 0
            for path in self._folder.rglob("*"):
                try:
                    taken += path.stat().st_blocks * 512
                except FileNotFoundError:
                    continue  # removed meanwhile
            self.peak_mib = max(self.peak_mib, taken >> 20)


def ids(rows: int, start: int, seed: int) -> Any:
    """Shuffled ids of eleven characters, an Arrow array."""
    numbers = pa.array(np.random.default_rng(seed).permutation(rows) + start)
    padded = pc.utf8_lpad(pc.cast(numbers, pa.string()), 10, "0")
    return pc.binary_join_element_wise("u", padded, "")


def raw_party(
    alias: str,
    members: list[Member],
    identity: Identity,
    folder: str,
    aligned: bool,
    results: Any,
) -> None:
    """One side of libpsi alone."""
    os.environ["TMPDIR"] = folder
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
    results.put((time.perf_counter() - start, cpu_seconds() - used, peak_bytes() >> 20))
    link.exchange("done")
    time.sleep(0.3)


def raw(folder: Path, columns: dict[str, Any], aligned: bool) -> Alone:
    """libpsi alone."""
    rehearsal = Rehearsal(folder / "ports")
    parties = next(iter(rehearsal.requests("align", ROLES, {}, KEYS).values())).manifest.parties
    pairs = {
        p.alias: make_task_certificate(p.alias, round(time.time() * 1000) + 3_600_000)
        for p in parties
    }
    members = [Member(p.alias, p.endpoints["data"], pairs[p.alias][0]) for p in parties]
    for alias, values in columns.items():
        plain = csv.WriteOptions(quoting_header="none", quoting_style="none")
        csv.write_csv(pa.table({"id": values}), folder / f"{alias}.csv", plain)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(
            target=raw_party,
            args=(alias, members, Identity(*pairs[alias]), str(folder), aligned, results),
        )
        for alias in pairs
    ]
    disk = Disk(folder)
    with disk.watched():
        for process in processes:
            process.start()
        took = [results.get() for _ in processes]
        for process in processes:
            process.join()
    seconds, processor, memory = zip(*took, strict=True)
    return Alone(max(seconds), sum(processor), max(memory), disk.peak_mib)


KEYS = {"left_key": "id", "right_key": "id"}


async def product(folder: Path, suite: str, columns: dict[str, Any]) -> dict[str, float]:
    """Seconds through the product, by part; memory and disk in MiB."""
    rehearsal = Rehearsal(folder, suite)
    held = {
        alias: rehearsal.enter(pa.table({"id": values, "x": np.arange(len(values)) * 1.0}))
        for alias, values in columns.items()
    }
    inputs = {"left": {"bank": held["bank"]}, "right": {"merchant": held["merchant"]}}
    disk = Disk(folder)
    with disk.watched():
        done = await rehearsal.run("align", ROLES, inputs, KEYS)
    results = [outcome.result.measures for outcome in done.values() if outcome.result]
    parts = [measures["seconds"] for measures in results]
    for outcome in done.values():
        if outcome.error:
            raise outcome.error
    slow = {name: max(part.get(name, 0.0) for part in parts) for name in parts[0]}
    task = sum(slow[name] for name in ("check", "intersect", "store", "finish"))
    start = max(outcome.seconds for outcome in done.values()) - task
    return {
        **slow,
        "task": task,
        "process start and connect": start,
        "processor": sum(measures["cpu_seconds"] for measures in results),
        "memory": max(measures["peak_mib"] for measures in results),
        "disk": disk.peak_mib,
    }


def main() -> None:
    """Alternate both and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suite", default="intl")
    parser.add_argument("--folder", help="where temporary files go; default: the system's")
    options = parser.parse_args()
    columns = {"bank": ids(options.rows, 0, 1), "merchant": ids(options.rows, options.rows // 2, 2)}
    alone: dict[str, list[Alone]] = {"aligned": [], "unaligned": []}
    through: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        for number in range(options.rounds):
            folder = Path(place) / str(number)
            folder.mkdir()
            for name, runs in alone.items():
                # A folder each: libpsi leaves remarks on its input for the next run to use.
                runs.append(raw(folder / name, columns, aligned=name == "aligned"))
                shutil.rmtree(folder / name)
            through.append(asyncio.run(product(folder / "product", options.suite, columns)))
            shutil.rmtree(folder)
            print(f"round {number + 1}: libpsi alone", end=" ")
            for name, runs in alone.items():
                last = runs[-1]
                print(f"{name} {last.seconds:.2f} s, processor {last.processor:.2f};", end=" ")
            parts = ", ".join(f"{name} {value:.2f}" for name, value in through[-1].items())
            print(f"product {parts}", flush=True)
    report(alone, through)


def report(alone: dict[str, list[Alone]], through: list[dict[str, float]]) -> None:
    """Medians, and ratios to both ways of running libpsi alone."""
    middle = {name: statistics.median(part[name] for part in through) for name in through[0]}
    task, call, used = middle["task"], middle["intersect"], middle["processor"]
    print(
        f"task {task:.2f} s, of it intersection {call:.2f} s; processor, with start, {used:.2f} s; "
        f"memory {middle['memory']:.0f} MiB, disk {middle['disk']:.0f} MiB"
    )
    for name, runs in alone.items():
        base, cpu, memory, disk = (statistics.median(each) for each in zip(*runs, strict=True))
        print(
            f"libpsi alone, {name}: {base:.2f} s, processor {cpu:.2f} s, memory {memory:.0f} MiB, "
            f"disk {disk:.0f} MiB; ratio of the intersection {call / base:.2f}, of the task "
            f"{task / base:.2f} (aim 1.10 at a million rows, 1.05 at ten), of processor time "
            f"{used / cpu:.2f}"
        )


if __name__ == "__main__":
    main()
