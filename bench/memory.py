"""Peak memory of every worker, operator by operator, beside what a node reserves for it.

Usage: ``python bench/memory.py [--rows 1000] [--columns 20] [--protocol aby3|cheetah]
[--only NAME]``

Real workers between two owners who also compute; under ABY3 a third node helps. Compiled programs
are not kept, so that compilation counts. Marked are workers above the reservation of the operator
(its ``memory`` line) and, at up to 1,000 rows, above 800 MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hanse.compute.operators import get_operator
from hanse.compute.rehearsal import Rehearsal, outputs_of

LIMIT_MIB, LIMIT_ROWS = 800, 1_000
LABEL = {"label": "y"}
ON_TABLES: dict[str, dict[str, Any]] = {
    "summary": {},
    "correlation": {},
    "vif": {},
    "woe_binning": LABEL,
    "pca": {"exclude": ["y"]},
    "kmeans": {"exclude": ["y"]},
    "linear_regression": LABEL,
    "glm": {**LABEL, "epochs": 1},
    "neural_network": {**LABEL, "epochs": 1},
    "boosted_trees": {**LABEL, "n_estimators": 1},
    "secure_boost": {**LABEL, "n_estimators": 1},
    "logistic_regression": {**LABEL, "epochs": 1},
}
ON_MODELS: dict[str, dict[str, Any]] = {"predict": {}, "contribution": LABEL}


def roles(protocol: str) -> Any:
    """Bank and partner compute and receive; under ABY3 a third node helps."""
    both = {alias: ["owner", "compute", "receiver"] for alias in ("bank", "partner")}
    return both | ({"helper": ["compute"]} if protocol == "aby3" else {})


def tables(rows: int, columns: int) -> dict[str, pa.Table]:
    """Numbers and a label that half of them explain."""
    rng = np.random.default_rng(1)
    table = rng.normal(size=(rows, columns))
    labels = (table[:, ::2].sum(axis=1) + rng.normal(size=rows) > 0).astype(np.int64)
    held = {f"c{number}": table[:, number] for number in range(columns)}
    names, half = list(held), columns // 2
    return {
        "bank": pa.table({name: held[name] for name in names[:half]} | {"y": labels}),
        "partner": pa.table({name: held[name] for name in names[half:]}),
    }


class Bench:
    """Runs operators and prints their workers' peaks."""

    def __init__(self, rehearsal: Rehearsal, options: argparse.Namespace) -> None:
        self._rehearsal, self._options = rehearsal, options

    async def measure(self, name: str, inputs: Any, given: Mapping[str, Any]) -> Any:
        """One operator; its outcomes."""
        options, spec = self._options, get_operator(name)
        wanted = {
            alias: [role for role in held if role in spec.roles]
            for alias, held in roles(options.protocol).items()
        }
        done = await self._rehearsal.run(name, wanted, inputs, given)
        failed = [str(outcome.error) for outcome in done.values() if outcome.error]
        if failed:
            print(f"{name:22} failed: {failed[0][:80]}", flush=True)
            return done
        peaks = {a: o.result.measures["peak_mib"] for a, o in done.items() if o.result}
        cells = options.rows * (options.columns + 1)
        reserved = spec.memory.estimate_bytes(options.rows, cells) >> 20
        most = max(peaks.values())
        over = [f"above {reserved}"] if most > reserved else []
        if options.rows <= LIMIT_ROWS and most > LIMIT_MIB:
            over.append(f"above {LIMIT_MIB}")
        marks = ", ".join(over)
        print(f"{name:22} reserved {reserved:5} MiB, peaks {peaks} {marks}", flush=True)
        return done

    async def everything(self) -> None:
        """All operators on the tables, then those on the model trained last."""
        held = tables(self._options.rows, self._options.columns)
        inputs = {alias: self._rehearsal.enter(table) for alias, table in held.items()}
        chosen = [self._options.only] if self._options.only else list(ON_TABLES)
        for name in chosen:
            if name in ON_TABLES:
                await self.measure(name, {"table": inputs}, ON_TABLES[name])
        if self._options.only and self._options.only not in ON_MODELS:
            return
        trained = await self.measure(
            "logistic_regression", {"table": inputs}, {**LABEL, "epochs": 1}
        )
        both = {"model": outputs_of(trained, "model"), "table": inputs}
        for name, given in ON_MODELS.items():
            await self.measure(name, both, given)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--protocol", default="aby3")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{options.protocol}, {options.rows} rows, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        rehearsal = Rehearsal(Path(place), cache=False)
        asyncio.run(Bench(rehearsal, options).everything())


if __name__ == "__main__":
    main()
