"""What nodes that take part in ordering tell of it: two whole nodes with engines of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from validator_seats import Seat, validator_seats


@pytest.fixture
async def seats(tmp_path: Path) -> AsyncIterator[list[Seat]]:
    async with validator_seats(tmp_path) as found:
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
