"""Consensus, figures and search over HTTP, on a node that orders by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hanse.node.bootstrap import create_network, init_node
from hanse.node.http.app import build_app
from hanse.node.node import Node
from hanse.node.observability.gauges import watch_node
from hanse.node.settings import load_settings
from hanse.node.wiring import build_node

PASSWORD = "correct-horse-9"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    home = tmp_path / "node"
    init_node(home, name="First Bank", suite="intl", admin_password=PASSWORD)
    create_network(home, name="trial", points=1_000)
    built = build_node(home, settings=load_settings(home))
    watch_node(built)
    await built.start()
    yield built
    await built.stop()


@pytest.fixture
async def http(node: Node) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(node))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        login = {"username": "admin", "password": PASSWORD}
        token = (await client.post("/v1/session", json=login)).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


async def _act(http: httpx.AsyncClient, node: Node) -> Any:
    """Some order; its outcome, projected."""
    body = {"to": node.identity.did, "amount_points": 5}
    done = await http.post("/v1/points/issue", json=body)
    assert done.status_code == 200, done.text
    await node.require_network().projector.wait_height(done.json()["height"])
    return done.json()


async def _search(http: httpx.AsyncClient, text: str) -> dict[str, Any]:
    answer = await http.get("/v1/ledger/search", params={"text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_one_orderer_tells_its_engine_and_no_votes(http, node: Node) -> None:
    done = await _act(http, node)
    found = (await http.get("/v1/ledger/consensus")).json()
    assert (found["engine"], found["runs_engine"]) == ("embedded", False)
    assert (found["orderer"], found["orderer_name"]) == (node.identity.did, "First Bank")
    assert found["height"] == found["certified_height"] == done["height"]
    assert (found["validators"], found["peers"], found["mempool_transactions"]) == ([], [], None)


async def test_figures_of_blocks(http, node: Node) -> None:
    for _ in range(3):
        await _act(http, node)
    found = (await http.get("/v1/ledger/statistics")).json()
    assert (found["first"], found["transactions"], found["empty_blocks"]) == (0, 3, 1)
    assert found["blocks"] == found["last"] + 1
    assert found["block_seconds_max"] >= found["block_seconds_p50"] > 0
    one = (await http.get("/v1/ledger/statistics", params={"blocks": 1})).json()
    assert (one["blocks"], one["block_seconds_mean"], one["transactions_per_second"]) == (
        1,
        None,
        None,
    )
    for wrong in (0, 1_001, "x"):
        answer = await http.get("/v1/ledger/statistics", params={"blocks": wrong})
        assert answer.json()["error"]["code"] == "api.invalid_request"


async def test_search_by_height_and_by_either_hash(http, node: Node) -> None:
    done = await _act(http, node)
    by_height = (await _search(http, str(done["height"])))["block"]
    assert by_height["height"] == done["height"]
    by_hash = await _search(http, by_height["hash"].upper())
    assert by_hash["block"] == by_height
    by_id = await _search(http, done["transaction"])
    assert [t["id"] for t in by_id["transactions"]] == [done["transaction"]]
    assert by_id["block"] == by_height
    nothing = await _search(http, "ab" * 32)
    assert (nothing["block"], nothing["matches"], nothing["transactions"]) == (None, [], [])
    assert (await _search(http, "999999"))["block"] is None


async def test_search_by_participant_finds_what_it_did(http, node: Node) -> None:
    done = await _act(http, node)
    for text in (node.identity.did, "first b", " First Bank "):
        found = await _search(http, text)
        assert [(m["kind"], m["id"], m["name"]) for m in found["matches"]] == [
            ("member", node.identity.did, "First Bank")
        ]
        assert done["transaction"] in [t["id"] for t in found["transactions"]]
    assert (await _search(http, "no such thing"))["matches"] == []
    assert (await _search(http, "ds-" + "a" * 26))["matches"] == []
    answer = await http.get("/v1/ledger/search", params={"text": ""})
    assert answer.json()["error"]["code"] == "api.invalid_request"


async def test_metrics_name_consensus_and_do_without_an_engine(http, node: Node) -> None:
    await _act(http, node)
    text = (await http.get("/metrics")).text
    height = node.require_network().ledger.height
    assert f"hanse_ledger_certified_height {float(height)}" in text
    for name in ("validators", "voting_power", "peers", "engine_restarts", "validator_faults"):
        assert f"hanse_ledger_{name} 0.0" in text
