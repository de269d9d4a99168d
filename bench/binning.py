"""WOE binning through the product beside SPU counting alone and beside plaintext.

Usage: ``python bench/binning.py [--rows 100000] [--columns 50] [--protocol aby3|cheetah]``

Bank holds the label and half of the columns, partner the other half. *SPU alone* counts as many
blocks of the same shape with the same program, protocol and settings between processes on this
machine, block and labels shared and set beforehand: what is left out is making, sending and opening
shares. *Count* is that part of the product, *task* all of it. *Plaintext* are optbinning, column by
column, and NumPy, which only counts. Compilation is given apart.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from optbinning import OptimalBinning

from alone import run_alone
from hanse.compute.engines.link import Link
from hanse.compute.engines.programs import Input, Program
from hanse.compute.engines.shares import Sharing
from hanse.compute.engines.spu import Machine
from hanse.compute.operators.features.packing import Packing, indicators, make_packing
from hanse.compute.rehearsal import Rehearsal

FINE, LEAST = 20, 5


def roles(protocol: str) -> Any:
    """Both owners compute and receive; under ABY3 a third node helps."""
    both = {alias: ["owner", "compute", "receiver"] for alias in ("bank", "partner")}
    return both | ({"helper": ["compute"]} if protocol == "aby3" else {})


def tables(rows: int, columns: int) -> tuple[dict[str, pa.Table], Any, Any]:
    """Numbers, half of them about the label; the owners' tables, all numbers, the labels."""
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(rows, columns))
    labels = (numbers[:, ::2].sum(axis=1) + rng.normal(size=rows) > 0).astype(np.int64)
    held = {f"c{number}": numbers[:, number] for number in range(columns)}
    names, half = list(held), columns // 2
    bank = {name: held[name] for name in names[:half]} | {"y": labels}
    partner = {name: held[name] for name in names[half:]}
    return {"bank": pa.table(bank), "partner": pa.table(partner)}, numbers, labels


def load() -> Any:
    """The function to compile."""
    from hanse.compute.operators.features.counting import event_counts

    return event_counts


def counting(rows: int, packing: Packing) -> Program:
    """The operator's program."""
    return Program(
        name="event-counts",
        load=load,
        static={"bits": packing.bits, "digits": packing.digits, "least": LEAST},
        inputs=[
            Input("block", "int64", (rows, packing.width)),
            Input("labels", "int64", (1, rows)),
        ],
        outputs=["events", "rows"],
        release="bench",
    )


def counted(
    link: Link, protocol: str, rows: int, packing: Packing, blocks: int, shares: dict[str, bytes]
) -> float:
    """Seconds of one node of SPU alone."""
    machine = Machine(protocol, link, "")
    for name, share in shares.items():
        machine.put(name, share)
    ready, _ = machine.load(counting(rows, packing))
    link.exchange("compiled")
    started = time.perf_counter()
    for _ in range(blocks):
        machine.run(ready)
    return time.perf_counter() - started


def raw(folder: Path, protocol: str, numbers: Any, labels: Any) -> tuple[float, int]:
    """Seconds of SPU counting alone, the slowest node's, and how many blocks."""
    rows, half = len(labels), numbers.shape[1] // 2
    bins = [(np.argsort(np.argsort(c)) * FINE // rows, FINE) for c in numbers[:, half:].T]
    positions = 1 + FINE * len(bins)
    packing = make_packing(rows, positions)
    block = next(indicators([(c.astype(np.int32), n) for c, n in bins], packing, rows))
    sharing = Sharing(protocol)
    split = {"block": sharing.split(block), "labels": sharing.split(labels[None, :])}
    blocks = packing.blocks(positions)
    given = [
        (protocol, rows, packing, blocks, {name: parts[rank] for name, parts in split.items()})
        for rank in range(sharing.nodes)
    ]
    return max(run_alone(folder, roles(protocol), counted, given)), blocks


async def product(folder: Path, protocol: str, held: dict[str, pa.Table]) -> dict[str, float]:
    """Seconds by phase, the slowest party's.

    Raises:
        SystemExit: when it fails.
    """
    rehearsal = Rehearsal(folder)
    inputs = {alias: rehearsal.enter(table) for alias, table in held.items()}
    given = {"label": "y", "method": "optimal", "fine_bins": FINE, "minimum_bin_rows": LEAST}
    done = await rehearsal.run("woe_binning", roles(protocol), {"table": inputs}, given)
    failed = [str(outcome.error) for outcome in done.values() if outcome.error]
    if failed:
        raise SystemExit(failed[0])
    parts = [outcome.result.measures["seconds"] for outcome in done.values() if outcome.result]
    return {name: max(part.get(name, 0.0) for part in parts) for name in {*parts[0], *parts[1]}}


def plaintext(numbers: Any, labels: Any) -> tuple[float, float]:
    """Seconds of optbinning on all columns, and of NumPy counting alone."""
    started = time.perf_counter()
    for column in numbers.T:
        OptimalBinning(max_n_prebins=FINE, max_n_bins=8).fit(column, labels)
    fitted = time.perf_counter()
    for column in numbers.T:
        cuts = np.quantile(column, np.linspace(0, 1, FINE + 1)[1:-1])
        codes = np.searchsorted(cuts, column)
        np.bincount(codes, labels)
        np.bincount(codes)
    return fitted - started, time.perf_counter() - fitted


def main() -> None:
    """Run all on the same tables and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--protocol", default="aby3")
    options = parser.parse_args()
    held, numbers, labels = tables(options.rows, options.columns)
    print(f"{options.rows} x {options.columns}, {options.protocol}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as place:
        alone, blocks = raw(Path(place), options.protocol, numbers, labels)
        seconds = asyncio.run(product(Path(place), options.protocol, held))
    compiled, counted = seconds.get("compile", 0.0), seconds["count"]
    task = sum(seconds.values()) - compiled
    fitted, plain = plaintext(numbers, labels)
    # Columns of the label's owner are counted in plaintext: SPU has the partner's alone.
    print(
        f"SPU alone {alone:.2f} s, {blocks} blocks; count {counted:.2f} s ({counted / alone:.2f})"
    )
    print(f"task {task:.2f} s ({task / alone:.2f}); compilation {compiled:.2f} s")
    print(f"plaintext: optbinning {fitted:.2f} s, counting alone {plain:.2f} s")


if __name__ == "__main__":
    main()
