"""Trying a package where it is written: plaintext and MPC side by side, with the error between.

Runs what a flow runs: the same package, the same sandbox, the same workers, over loopback.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hanse.compute.algorithms.manifest import InputColumn, Manifest, settings_of
from hanse.compute.algorithms.package import Package
from hanse.compute.algorithms.program import evaluate, trace
from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators import COMPUTE_NODES, Role
from hanse.compute.rehearsal import Outcome, Rehearsal

SEED = 20260101


class Comparison(msgspec.Struct, frozen=True):
    """One output both ways: the largest difference, absolute and relative to the largest value."""

    output: str
    plain: Any
    mpc: Any
    largest_error: float
    relative_error: float


class Trial(msgspec.Struct, frozen=True):
    """What came of it."""

    algorithm: str
    fingerprint: str
    protocol: str
    rows: int
    seconds: float
    bytes_sent: int
    outputs: list[Comparison]


def generate(manifest: Manifest, rows: int, seed: int = SEED) -> dict[str, Any]:
    """Columns as the manifest describes them; the first rows are at the ends of the ranges."""
    random = np.random.default_rng(seed)
    return {name: _column(random, column, rows) for name, column in manifest.inputs.items()}


async def try_package(
    package: Package,
    columns: Mapping[str, Any],
    *,
    protocol: str = "aby3",
    settings: Sequence[str] = (),
    suite: str = "intl",
) -> Trial:
    """Run it on these columns in plaintext and under MPC, each input at an owner of its own.

    Raises:
        HanseError: the named error either way ends with.
    """
    manifest = package.manifest
    for name in manifest.inputs:
        if name not in columns:
            raise NoSuchColumn(f"the data has no column {name!r}")
    rows = len(next(iter(columns.values())))
    values = settings_of(manifest, list(settings))
    arrays = {n: np.asarray(columns[n]).astype(c.dtype) for n, c in manifest.inputs.items()}
    plain = evaluate(trace(package, rows, values, ""), arrays, manifest)
    with tempfile.TemporaryDirectory(prefix="hanse-trial-") as folder:
        rehearsal = Rehearsal(Path(folder), suite, package=package.encode().decode())
        outcome = await _under_mpc(rehearsal, package, columns, protocol, list(settings))
        joint = _opened(rehearsal, outcome, manifest)
        measures = outcome.result.measures if outcome.result else {}
        fingerprint = package.fingerprint(rehearsal.suite)
    return Trial(
        algorithm=manifest.reference,
        fingerprint=fingerprint,
        protocol=protocol,
        rows=rows,
        seconds=round(float(measures["seconds"]["compute"]), 3),
        bytes_sent=int(measures["bytes_sent"]),
        outputs=[_compare(name, plain[name], joint[name]) for name in manifest.outputs],
    )


async def _under_mpc(
    rehearsal: Rehearsal,
    package: Package,
    columns: Mapping[str, Any],
    protocol: str,
    settings: list[str],
) -> Outcome:
    roles: dict[str, list[Role]] = {
        f"party_{number}": ["compute"] for number in range(COMPUTE_NODES[protocol])
    }
    tables: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(package.manifest.inputs):
        tables.setdefault(f"party_{number % 2}", {})[name] = pa.array(columns[name])
    for owner in tables:
        roles[owner].append("owner")
    roles["party_0"].append("receiver")
    parameters = {
        "algorithm": package.manifest.reference,
        "fingerprint": package.fingerprint(rehearsal.suite),
        "settings": settings,
        "minimum_rows": 5,
    }
    held = {owner: rehearsal.enter(table) for owner, table in tables.items()}
    outcomes = await rehearsal.run("algorithm", roles, {"table": held}, parameters)
    for outcome in outcomes.values():
        if outcome.error is not None:
            raise outcome.error
    return outcomes["party_0"]


def _opened(rehearsal: Rehearsal, outcome: Outcome, manifest: Manifest) -> dict[str, Any]:
    outputs = outcome.outputs
    values = dict(msgspec.json.decode(rehearsal.data(outputs["report"]))["outputs"])
    if "rows" in outputs:
        table = rehearsal.table(outputs["rows"]).to_arrow()
        names = [name for name, output in manifest.outputs.items() if output.shape == "rows"]
        values |= {name: table.column(name).to_numpy() for name in names}
    return {name: np.asarray(value, np.float64) for name, value in values.items()}


def _compare(name: str, plain: Any, joint: Any) -> Comparison:
    expected = np.asarray(plain, np.float64)
    error = float(np.abs(expected - joint).max(initial=0.0))
    scale = float(np.abs(expected).max(initial=0.0))
    return Comparison(
        output=name,
        plain=expected.ravel()[:5].tolist(),
        mpc=joint.ravel()[:5].tolist(),
        largest_error=error,
        relative_error=error / scale if scale else error,
    )


def _column(random: np.random.Generator, column: InputColumn, rows: int) -> Any:
    low, high = column.minimum, column.maximum
    values: Any
    if column.type == "integer":
        values = random.integers(int(np.ceil(low)), int(high), rows, endpoint=True)
    else:
        values = random.uniform(low, high, rows)
    ends = [low, high]
    return np.concatenate([np.asarray(ends, values.dtype), values[2:]])
