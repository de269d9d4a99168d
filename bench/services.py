"""Questions to services between nodes, beside the same workers asked directly, in the same run.

Usage: ``python bench/services.py [--rows 500] [--requests 60] [--uses 100]``

Two members' nodes and an operator's on this machine; the embedded ledger. A *request* is one id or
key by SDK over HTTP, from the analyst to the answer: both workers' round, ticket and receipt
signed and counted, and an audit entry on disk before the answer leaves.
*Raw* is the same round of two such workers with the same data, without nodes, tickets and HTTP;
requests and raw rounds take turns.
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
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from market import Market
from network_harness import MemberPlan, small_network
from served_workers import ServedWorkers, served

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


@asynccontextmanager
async def workers(
    root: Path, kind: Any, made: Mapping[str, pa.Table]
) -> AsyncIterator[ServedWorkers]:
    """The service's workers, without nodes, on the same data."""
    rehearsal = Rehearsal(root)
    held = {name: rehearsal.enter(table, key_columns=["id"]) for name, table in made.items()}
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
        yield group
        await group.close()


def offer(market: Market, kind: Any) -> str:
    """A service between the nodes, signed by both."""
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
    return service


async def answered(group: ServedWorkers, key: str) -> None:
    """One raw round."""
    assert isinstance(await group.ask(key), Answered)


async def seconds(work: Awaitable[Any]) -> float:
    """How long it takes."""
    since = time.perf_counter()
    await work
    return time.perf_counter() - since


async def measure(
    market: Market, kind: Any, made: Mapping[str, pa.Table], keys: Sequence[str], uses: int
) -> dict[str, list[float]]:
    """Seconds of reservations, then of requests and raw rounds in turn."""
    service = offer(market, kind)
    analyst = market.network["bank"].client("analyst")
    answer = analyst.services.retrieve if kind == "retrieval" else analyst.services.predict
    found: dict[str, list[float]] = {"request": [], "raw round": [], "reserve": []}
    for _ in range(10):
        reserved = asyncio.to_thread(analyst.services.reserve, service, uses)
        found["reserve"].append(await seconds(reserved))
    market.network.sync()
    async with workers(market.root / kind, kind, made) as group:
        for key in [keys[0], *keys]:
            found["request"].append(await seconds(asyncio.to_thread(answer, service, [key])))
            found["raw round"].append(await seconds(answered(group, key)))
    # The first of each opened the service, or warmed up.
    return {name: times if name == "reserve" else times[1:] for name, times in found.items()}


def show(name: str, times: Sequence[float]) -> None:
    """Median and 99th percentile."""
    p50, p99 = np.percentile(times, [50, 99]) * 1000
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
        with small_network(root / "nodes", MEMBERS, suite="intl") as network:
            market = Market(network, root, OPERATORS)
            for name, table in made.items():
                market.publish(name, lines(table))
            for kind in ROLES:
                found = asyncio.run(measure(market, kind, made, keys, options.uses))
                for name, times in found.items():
                    show(f"{kind}: {name}", times)
                median = {name: statistics.median(times) for name, times in found.items()}
                limit = median["raw round"] + median["reserve"] / options.uses
                print(f"{kind}: ratio {median['request'] / limit:.2f}", flush=True)


if __name__ == "__main__":
    main()
