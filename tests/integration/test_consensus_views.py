"""What nodes that take part in ordering tell of it: two whole nodes with engines of their own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from bft_network import require_engine

from hanse.core.ports import free_ports
from hanse.node.bootstrap import create_network, init_node, join_network, prepare_validator
from hanse.node.http.app import build_app
from hanse.node.node import Node
from hanse.node.observability.gauges import watch_node
from hanse.node.settings import load_settings
from hanse.node.validator import write_validator
from hanse.node.wiring import build_node

PASSWORD = "correct-horse-9"
PATIENCE_S = 120


@dataclass
class Seat:
    """A node spoken to by its administrator."""

    node: Node
    http: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=query)
        found: dict[str, Any] = answer.json()
        return found | {"status": answer.status_code}

    @property
    def engine_pid(self) -> int:
        return int((self.node.host.home.engine / "engine.pid").read_text())

    async def eventually(self, path: str, wanted: Any, **query: Any) -> dict[str, Any]:
        """The first answer that is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(found := await self.get(path, **query)):
                await asyncio.sleep(0.1)
        return found


def _homes(root: Path) -> list[Path]:
    homes, files = [root / "operator", root / "bank"], []
    for home in homes:
        init_node(home, name=home.name, suite="sm", admin_password=PASSWORD)
        engine, metrics = free_ports(2)
        described = prepare_validator(home, host="127.0.0.1", port=engine, metrics_port=metrics)
        files.append(root / f"{home.name}.json")
        write_validator(files[-1], described)
    made = create_network(homes[0], name="trial", validators=files)
    join_network(
        homes[1],
        genesis_file=made.genesis_file,
        operator_url="http://127.0.0.1:1",
        roles=["data_provider"],
    )
    return homes


@pytest.fixture
async def seats(tmp_path: Path) -> AsyncIterator[list[Seat]]:
    require_engine()
    async with AsyncExitStack() as stack:
        found = []
        for home in _homes(tmp_path):
            node = build_node(home, settings=load_settings(home))
            watch_node(node)
            await node.start()
            stack.push_async_callback(node.stop)
            http = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=build_app(node)), base_url="http://node"
                )
            )
            login = {"username": "admin", "password": PASSWORD}
            token = (await http.post("/v1/session", json=login)).json()["token"]
            http.headers["authorization"] = f"Bearer {token}"
            found.append(Seat(node, http))
        yield found


@pytest.mark.faults
async def test_consensus_metrics_and_search_of_two_validators_then_of_one(
    seats: list[Seat],
) -> None:
    operator, bank = seats
    await operator.eventually("/v1/ledger/consensus", lambda v: len(v.get("peers", [])) == 1)
    body = {"to": operator.node.identity.did, "amount_points": 5}
    done = (await operator.http.post("/v1/points/issue", json=body)).json()
    found = await operator.eventually(
        "/v1/ledger/consensus", lambda v: v.get("certified_height", 0) >= done["height"]
    )
    assert (found["engine"], found["runs_engine"], found["catching_up"]) == (
        "cometbft",
        True,
        False,
    )
    assert found["version"].startswith("0.38.")
    assert found["height"] > done["height"]
    dids = sorted(seat.node.identity.did for seat in seats)
    assert [v["did"] for v in found["validators"]] == dids
    assert found["total_power"] == 2
    assert all(v["signed"] for v in found["validators"]), "two of two are needed for a block"
    assert found["proposer"] in dids
    other = await bank.get("/v1/ledger/consensus")
    assert [p["node_id"] for p in found["peers"]] == [other["node_id"]]
    assert [p["did"] for p in found["peers"]] == [bank.node.identity.did]

    text = (await operator.http.get("/metrics")).text
    for line in (
        "hanse_ledger_validators 2.0",
        "hanse_ledger_voting_power 1.0",
        "hanse_ledger_peers 1.0",
        "hanse_ledger_validator_faults 0.0",
    ):
        assert line in text
    assert "cometbft_consensus_height" in text

    figures = await operator.get("/v1/ledger/statistics")
    assert (figures["transactions"] >= 1, figures["status"]) == (True, 200)
    block = operator.node.require_network().ledger.block(done["height"])
    assert block is not None
    by_engine = await operator.get("/v1/ledger/search", text=block.block_id)
    assert by_engine["block"]["height"] == done["height"]

    parts = {part["name"]: part for part in (await operator.get("/health"))["checks"]}
    assert parts["ledger"]["ok"]
    assert parts["ledger"]["detail"].endswith("linked engines: 1")

    # An engine that hangs is named, and the rest of the node goes on.
    os.kill(operator.engine_pid, signal.SIGSTOP)
    away = await operator.get("/v1/ledger/consensus")
    assert (away["status"], away["error"]["code"]) == (503, "ledger.engine_unreachable")
    text = (await operator.http.get("/metrics")).text
    assert "hanse_ledger_peers NaN" in text
    assert "cometbft_" not in text
    assert (await operator.get("/v1/ledger/statistics"))["status"] == 200
    parts = {part["name"]: part for part in (await operator.get("/health"))["checks"]}
    assert parts["ledger"]["detail"].endswith("the engine does not answer")
    # One that ends is started again, and counted.
    os.kill(operator.engine_pid, signal.SIGKILL)
    back = await operator.eventually("/v1/ledger/consensus", lambda v: v.get("engine_restarts"))
    assert back["engine_restarts"] == 1
