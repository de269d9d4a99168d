"""Logistic regression through the product beside SPU as it comes, in the same run.

Usage: ``python bench/regression.py [--rows 30000] [--columns 23] [--epochs 3]
[--protocol aby3|cheetah] [--rounds 3] [--batch 1024]``

Both run the same descent with the same protocol and ring between processes on this machine, links
over mutual TLS. *SPU alone* is the textbook: all columns shared, batches of 1,024 rows, SPU's own
tanh and default settings; shares are made and set beforehand, counted are the epochs. The product
takes ``--batch`` rows a step. What SPU sets up in the first epoch is in its time, and given apart.
*Train* is the epochs of the product; *task* adds reading, preparing, sharing and storing the model.
Compilation is counted apart (a second task takes it from the cache).
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from alone import run_alone
from hanse.compute.engines import library
from hanse.compute.engines.link import Link
from hanse.compute.engines.programs import Input, Program
from hanse.compute.engines.shares import FRACTION_BITS, Sharing, unpack
from hanse.compute.engines.spu import Machine
from hanse.compute.operators.schedule import Schedule, make_schedule
from hanse.compute.rehearsal import Rehearsal

BATCH, RATE, MOMENTUM, L2 = 1024, 0.1, 0.9, 0.001


def roles(protocol: str) -> Any:
    """Bank and partner compute; under ABY3 a third node helps."""
    both = {"bank": ["owner", "compute", "receiver"], "partner": ["owner", "compute"]}
    return both | ({"helper": ["compute"]} if protocol == "aby3" else {})


def load() -> Any:
    """The function to compile."""
    import jax.numpy as jnp

    from hanse.compute.operators.models import descent

    def slopes(rows: Any, truth: Any, _more: Any, values: Any) -> Any:
        error = 0.5 + 0.5 * jnp.tanh(0.5 * (rows @ values[0])) - truth
        return ((error @ rows) * (1.0 / rows.shape[0]),)

    return functools.partial(descent.epoch, slopes=slopes, blocks=1, extras=0, cut=False)


def program(schedule: Schedule, columns: int) -> Program:
    """The program of one epoch over one block of columns."""
    total = schedule.steps * schedule.batch
    return Program(
        name="bench",
        load=load,
        static={"batch": schedule.batch, "momentum": MOMENTUM, "l2": L2},
        inputs=[
            Input("x", "float32", (total, columns)),
            Input("labels", "float32", (total,)),
            Input("weights", "float32", (columns + 1,)),
            Input("velocity", "float32", (columns + 1,)),
            Input("rate", "float32", (), secret=False),
        ],
        outputs=["weights", "velocity"],
        release="bench",
    )


def descended(
    link: Link, protocol: str, schedule: Schedule, columns: int, shares: dict[str, bytes]
) -> tuple[float, float]:
    """Seconds of the first epoch and of all, of one node of SPU alone."""
    machine = Machine(protocol, link, "")
    spu = library.libspu()
    plain = spu.RuntimeConfig(
        protocol=getattr(spu.ProtocolKind, protocol.upper()),
        field=spu.FieldType.FM64,
        fxp_fraction_bits=FRACTION_BITS,
    )
    runtime = library.spu_api().Runtime(link.context, plain)
    for name, share in shares.items():
        runtime.set_var(name, unpack(share))
    ready, _ = machine.load(program(schedule, columns))
    link.exchange("compiled")
    compiled = time.perf_counter()
    first = 0.0
    for rate in schedule.rates:
        known = machine.sharing.public(np.asarray(rate, np.float32))[machine.rank]
        runtime.set_var("rate", unpack(known))
        runtime.run(ready)
        first = first or time.perf_counter() - compiled
    return first, time.perf_counter() - compiled


def raw(folder: Path, protocol: str, table: Any, labels: Any, epochs: int) -> tuple[float, float]:
    """Seconds of the first epoch and of all with SPU as it comes, the slowest node's."""
    schedule = make_schedule(len(table), BATCH, epochs, RATE)
    order = schedule.order(b"bench")
    sharing = Sharing(protocol)
    zeros = np.zeros(table.shape[1] + 1, np.float32)
    arrays = {"x": table[order], "labels": labels[order], "weights": zeros, "velocity": zeros}
    split = {name: sharing.split(array.astype(np.float32)) for name, array in arrays.items()}
    given = [
        (protocol, schedule, table.shape[1], {name: held[rank] for name, held in split.items()})
        for rank in range(sharing.nodes)
    ]
    seconds = run_alone(folder, roles(protocol), descended, given)
    return max(c for c, _ in seconds), max(t for _, t in seconds)


async def product(
    rehearsal: Rehearsal, protocol: str, inputs: Any, epochs: int, batch: int
) -> dict[str, float]:
    """Seconds of the task through the product, by phase, the slowest party's."""
    parameters = {
        "label": "y",
        "epochs": epochs,
        "batch_size": batch,
        "learning_rate": str(RATE),
        "momentum": str(MOMENTUM),
        "l2": str(L2),
    }
    done = await rehearsal.run(
        "logistic_regression", roles(protocol), {"table": inputs}, parameters
    )
    for outcome in done.values():
        if outcome.error:
            raise outcome.error
    parts = [outcome.result.measures["seconds"] for outcome in done.values() if outcome.result]
    slow = {name: max(part.get(name, 0.0) for part in parts) for name in parts[0]}
    phases = ("check", "set up", "share", "train", "store", "finish")
    return {**slow, "task": sum(slow[name] for name in phases)}


def main() -> None:
    """Alternate both and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--columns", type=int, default=23)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--protocol", default="aby3")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    table = rng.normal(size=(options.rows, options.columns))
    labels = (rng.random(options.rows) < 1 / (1 + np.exp(-table.sum(axis=1)))).astype(np.int64)
    half = options.columns // 2
    alone: list[tuple[float, float]] = []
    through: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place:
        rehearsal = Rehearsal(Path(place) / "product")
        columns = {f"c{number}": table[:, number] for number in range(options.columns)}
        names = list(columns)
        inputs = {
            "bank": rehearsal.enter(
                pa.table({name: columns[name] for name in names[:half]} | {"y": labels})
            ),
            "partner": rehearsal.enter(pa.table({name: columns[name] for name in names[half:]})),
        }
        for number in range(options.rounds):
            folder = Path(place) / f"raw-{number}"
            alone.append(raw(folder, options.protocol, table, labels, options.epochs))
            through.append(
                asyncio.run(
                    product(rehearsal, options.protocol, inputs, options.epochs, options.batch)
                )
            )
            print(
                f"round {number + 1}: SPU as it comes {alone[-1][1]:.2f} s, first epoch "
                f"{alone[-1][0]:.2f} s; load {os.getloadavg()[0]:.1f}; product "
                + ", ".join(f"{k} {v:.2f}" for k, v in through[-1].items()),
                flush=True,
            )
    base = statistics.median(t for _, t in alone)
    train = statistics.median(part["train"] for part in through)
    task = statistics.median(part["task"] for part in through)
    print(
        f"{options.protocol}: SPU as it comes {base:.2f} s; train {train:.2f} s, "
        f"{base / train:.1f} times faster; task {task:.2f} s, {base / task:.1f} times faster"
    )


if __name__ == "__main__":
    main()
