"""Questions to services between nodes, beside the same workers asked directly, in the same run.

Usage: ``python bench/services.py [--rows 500] [--requests 60] [--uses 100]``

Two members' nodes and an operator's on this machine; the embedded ledger. A *request* is one id or
key by SDK over HTTP, from the analyst to the answer: both workers' round, ticket and receipt
signed and counted, and an audit entry on disk before the answer leaves.
*Raw* is the same round of two such workers with the same data, without nodes, tickets and HTTP.
*Reserve* is one transaction on the ledger that reserves ``--uses`` uses; each request bears its
share of one. The ratio is request / (raw + share of reserve), of medians.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from market import Market
from network_harness import MemberPlan, small_network
from served_workers import served

from hanse.compute.rehearsal import Rehearsal, outputs_of
from hanse.compute.worker.serving import Answered

OPERATORS = ["align", "retrieval_setup", "retrieve", "logistic_regression"]
MEMBERS = [
    MemberPlan("bank", ["data_consumer", "data_provider"]),
    MemberPlan("shop", ["data_provider"]),
]
HEAD = """
hanse: 1
name: bench
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  purchases: {{owner: shop, dataset: {purchases}, fields: [id, spend], grant: {grant}}}
"""
LOOKING_UP = (
    HEAD
    + """
receivers: [bank]
steps:
  - id: made
    operator: retrieval_setup
    inputs: {{table: purchases}}
    parameters: {{table_key: id, payload: [spend]}}
"""
)
TRAINING = (
    HEAD
    + """
  applications: {{owner: bank, dataset: {applications}, fields: [id, age, y]}}
compute: {{nodes: [bank, shop]}}
receivers: [bank]
steps:
  - id: align
    operator: align
    inputs: {{left: applications, right: purchases}}
    parameters: {{left_key: id, right_key: id}}
  - id: made
    operator: logistic_regression
    inputs: {{table: align.table}}
    parameters: {{label: y, epochs: 1}}
"""
)
ROLES: Mapping[str, Any] = {
    "prediction": {"bank": ["owner", "compute", "receiver"], "shop": ["owner", "compute"]},
    "retrieval": {"bank": ["receiver"], "shop": ["owner"]},
}


def tables(rows: int) -> dict[str, pa.Table]:
    """The bank's and the shop's."""
    random = np.random.default_rng(1)
    ids = [f"c{number}" for number in range(rows)]
    age, spend = random.normal(40, 9, rows), random.normal(300, 80, rows)
    label = (age / 9 + spend / 80 > 8.2).astype(int)
    return {
        "bank": pa.table({"id": ids, "age": age, "y": label}),
        "shop": pa.table({"id": ids, "spend": spend}),
    }


def lines(table: pa.Table) -> list[str]:
    """A table as the lines of a CSV file."""
    body = [",".join(str(value) for value in row.values()) for row in table.to_pylist()]
    return [",".join(table.column_names), *body]


async def timed(ask: Callable[[str], Awaitable[Any]], keys: Sequence[str]) -> list[float]:
    """Seconds of each question; the first, which opens the service, is not among them."""
    await ask(keys[0])
    found = []
    for key in keys:
        since = time.perf_counter()
        await ask(key)
        found.append(time.perf_counter() - since)
    return found


def raw_seconds(
    root: Path, kind: Any, made: Mapping[str, pa.Table], keys: list[str]
) -> list[float]:
    """Seconds of the workers' rounds alone."""

    async def measure() -> list[float]:
        rehearsal = Rehearsal(root)
        held = {n: rehearsal.enter(t, key_columns=["id"]) for n, t in made.items()}
        roles = ROLES[kind]
        if kind == "prediction":
            settings = {"label": "y", "epochs": 1, "exclude": ["id"]}
            done = await rehearsal.run("logistic_regression", roles, {"table": held}, settings)
            inputs = {"model": outputs_of(done, "model"), "table": held}
        else:
            shop = {"table": {"shop": held["shop"]}}
            settings = {"table_key": "id", "payload": ["spend"]}
            done = await rehearsal.run("retrieval_setup", roles, shop, settings)
            inputs = {"service": outputs_of(done, "service")}
        async with served(rehearsal, kind, roles, inputs, "bank") as group:

            async def ask(key: str) -> None:
                assert isinstance(await group.ask(key), Answered)

            found = await timed(ask, keys)
            await group.close()
            return found

    return asyncio.run(measure())


def node_seconds(
    market: Market, kind: Any, keys: list[str], uses: int
) -> tuple[list[float], list[float]]:
    """Seconds of requests, and of reservations of ``uses`` uses."""
    network = market.network
    flow = market.run(LOOKING_UP if kind == "retrieval" else TRAINING)
    shop, bank = network["shop"].client("steward"), network["bank"].client("steward")
    looks_up = kind == "prediction"
    service = shop.services.offer(
        kind, flow, "made", "service" if kind == "retrieval" else "model", name=kind,
        receiver=network["bank"].did, purpose="credit-risk", not_after_ms=2**50,
        uses=1_000_000, table=market.tables["shop"] if looks_up else "",
    ).id  # fmt: skip
    network.sync()
    bank.services.accept(service, market.tables["bank"] if looks_up else "")
    network.sync()
    analyst = network["bank"].client("analyst")
    reserved = []
    for _ in range(10):
        since = time.perf_counter()
        analyst.services.reserve(service, uses)
        reserved.append(time.perf_counter() - since)
    network.sync()
    answer = analyst.services.retrieve if kind == "retrieval" else analyst.services.predict

    async def ask(key: str) -> None:
        assert answer(service, [key]).rows

    return asyncio.run(timed(ask, keys)), reserved


def show(name: str, seconds: Sequence[float]) -> None:
    """Median and 99th percentile."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    print(f"{name:24} p50 {p50:9.1f} ms   p99 {p99:9.1f} ms", flush=True)


def main() -> None:
    """Measure both kinds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--uses", type=int, default=100)
    options = parser.parse_args()
    made = tables(options.rows)
    keys = [f"c{number % options.rows}" for number in range(options.requests)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        raw = {kind: raw_seconds(root / kind, kind, made, keys) for kind in ROLES}
        with small_network(root / "nodes", MEMBERS, suite="intl") as network:
            market = Market(network, root, OPERATORS)
            for name, table in made.items():
                market.publish(name, lines(table))
            for kind in ROLES:
                asked, reserved = node_seconds(market, kind, keys, options.uses)
                show(f"{kind}: request", asked)
                show(f"{kind}: raw round", raw[kind])
                show(f"{kind}: reserve", reserved)
                share = statistics.median(reserved) / options.uses
                limit = statistics.median(raw[kind]) + share
                print(f"{kind}: ratio {statistics.median(asked) / limit:.2f}", flush=True)


if __name__ == "__main__":
    main()
