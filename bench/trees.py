"""Boosted trees through the product, with the seconds its engine takes by itself.

Usage: ``python bench/trees.py [--rows 45000] [--columns 17] [--trees 10] [--depth 4]
[--bins 16] [--operator boosted_trees|secure_boost] [--protocol aby3|cheetah] [--rounds 2]``

All parties are processes on this machine, links over mutual TLS. The columns are split evenly
between two owners who also compute; under ABY3 a third node helps. Printed are the slowest
party's seconds by phase; of the training, what SPU's programs took by themselves (*engine*), the
matrix products beside it (*products*) and compilation; and processor seconds of all parties. The
first round compiles, later ones take programs from the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hanse.compute.rehearsal import Rehearsal, outputs_of


def roles(protocol: str) -> Any:
    """Bank and partner compute; under ABY3 a third node helps."""
    both = {"bank": ["owner", "compute", "receiver"], "partner": ["owner", "compute"]}
    return both | ({"helper": ["compute"]} if protocol == "aby3" else {})


def tables(rows: int, columns: int) -> dict[str, Any]:
    """Numbers of which half explain the label."""
    rng = np.random.default_rng(1)
    table = rng.normal(size=(rows, columns))
    score = table[:, ::2].sum(axis=1) + table[:, 0] * table[:, -1]
    labels = (score + rng.normal(size=rows) > 0).astype(np.int64)
    half = columns // 2
    held = {f"c{number}": table[:, number] for number in range(columns)}
    names = list(held)
    return {
        "bank": pa.table({name: held[name] for name in names[:half]} | {"y": labels}),
        "partner": pa.table({name: held[name] for name in names[half:]}),
    }


async def product(rehearsal: Rehearsal, inputs: Any, options: argparse.Namespace) -> Any:
    """Train once; the outcomes by party."""
    parameters = {
        "label": "y",
        "n_estimators": options.trees,
        "max_depth": options.depth,
        "max_bin": options.bins,
    }
    done = await rehearsal.run(
        options.operator, roles(options.protocol), {"table": inputs}, parameters
    )
    for outcome in done.values():
        if outcome.error:
            raise outcome.error
    return done


async def scored(rehearsal: Rehearsal, inputs: Any, trained: Any, protocol: str) -> float:
    """Seconds of scoring the same rows."""
    both = {"model": outputs_of(trained, "model"), "table": inputs}
    done = await rehearsal.run("predict", roles(protocol), both, {})
    return max(
        float(outcome.result.measures["seconds"]["score"])
        for outcome in done.values()
        if outcome.result and "score" in outcome.result.measures["seconds"]
    )


def main() -> None:
    """Train some times and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=45_000)
    parser.add_argument("--columns", type=int, default=17)
    parser.add_argument("--trees", type=int, default=10)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--bins", type=int, default=16)
    parser.add_argument("--operator", default="boosted_trees")
    parser.add_argument("--protocol", default="aby3")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--predict", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        rehearsal = Rehearsal(Path(place))
        held = tables(options.rows, options.columns)
        inputs = {name: rehearsal.enter(table) for name, table in held.items()}
        for number in range(options.rounds):
            done = asyncio.run(product(rehearsal, inputs, options))
            measures = [outcome.result.measures for outcome in done.values() if outcome.result]
            report(number, measures)
            if options.predict:
                taken = asyncio.run(scored(rehearsal, inputs, done, options.protocol))
                print(f"  predict, phase score: {taken:.2f} s")


def report(number: int, measures: list[dict[str, Any]]) -> None:
    """Print one round."""
    parts = [each["seconds"] for each in measures]
    slow = {name: max(part.get(name, 0.0) for part in parts) for name in parts[0]}
    spent = [each["train_seconds"] for each in measures if "train_seconds" in each]
    inside = {name: max(each[name] for each in spent) for name in spent[0]}
    cpu = sum(float(each["cpu_seconds"]) for each in measures)
    task = sum(slow.values()) - slow.get("start", 0.0)
    print(f"round {number + 1}: task {task:.2f} s, processor {cpu:.1f} s in all")
    print("  phases: " + ", ".join(f"{name} {value:.2f}" for name, value in slow.items()))
    print("  in train: " + ", ".join(f"{name} {value:.2f}" for name, value in inside.items()))


if __name__ == "__main__":
    main()
