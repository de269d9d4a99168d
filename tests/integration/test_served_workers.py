"""Services between worker processes: scores and look-ups, refusals, a partner that dies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from served_workers import PATIENCE_S, served

from hanse.compute.rehearsal import Rehearsal, outputs_of
from hanse.compute.worker.serving import Answered, Declined

BANK, SHOP, THIRD = "bank", "shop", "third"
ROLES: Any = {
    BANK: ["owner", "compute", "receiver"],
    SHOP: ["owner", "compute"],
    THIRD: ["compute"],
}
ROWS = 120


def tables() -> tuple[Any, Any]:
    random = np.random.default_rng(3)
    ids = [f"客{i}" for i in range(ROWS)]
    age, spend, visits = random.normal(size=(3, ROWS))
    label = (age + spend + random.normal(size=ROWS) * 0.3 > 0).astype(int)
    own = pa.table({"id": ids, "age": age, "y": label})
    return own, pa.table({"id": ids, "spend": spend, "visits": visits})


def lookup_inputs(rehearsal: Rehearsal, own: Any, other: Any) -> dict[str, Any]:
    """Tables of features with other rows in another order than in training."""
    order = np.random.default_rng(5).permutation(ROWS)
    return {
        BANK: rehearsal.enter(own.take(pa.array(np.arange(ROWS))), key_columns=["id"]),
        SHOP: rehearsal.enter(other.take(pa.array(order)).slice(0, ROWS - 20), key_columns=["id"]),
    }


@pytest.mark.long
async def test_scores_of_ids_are_those_of_a_batch(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    own, other = tables()
    rows = {
        BANK: rehearsal.enter(own, key_columns=["id"]),
        SHOP: rehearsal.enter(other, key_columns=["id"]),
    }
    settings = {"label": "y", "epochs": 3, "exclude": ["id"]}
    trained = await rehearsal.run("logistic_regression", ROLES, {"table": rows}, settings)
    model = outputs_of(trained, "model")
    batch = await rehearsal.run("predict", ROLES, {"model": model, "table": rows})
    table = rehearsal.table(batch[BANK].outputs["scores"])
    wanted = {
        row["id"]: row["score"]
        for part in table.batches()
        for row in pa.Table.from_batches([part]).to_pylist()
    }
    features = lookup_inputs(rehearsal, own, other)
    inputs = {"model": model, "table": features}
    known = [f"客{i}" for i in np.random.default_rng(5).permutation(ROWS)[: ROWS - 20]]
    missing = next(key for key in own["id"].to_pylist() if key not in known)
    async with served(rehearsal, "prediction", ROLES, inputs, BANK) as group:
        for asked in (known[:1], known[3:8], known[10:60], [known[0], known[0]]):
            answer = await group.ask(*asked)
            assert isinstance(answer, Answered), answer
            scores = [row["score"] for row in answer.rows]
            np.testing.assert_allclose(scores, [wanted[key] for key in asked], atol=2e-3)
            assert sorted(answer.receipts) == [SHOP, THIRD]
        refused = await group.ask(known[0], missing)
        assert isinstance(refused, Declined)
        assert (refused.code, refused.blamed) == ("compute.unknown_id", SHOP)
        assert missing not in refused.message
        assert sorted(refused.receipts) == [SHOP, THIRD]
        group.refused.add("spent")
        refused = await group.ask(known[0], ticket="spent")
        assert isinstance(refused, Declined)
        assert refused.code == "services.used_up"
        too_many = await group.ask(*known[:65])
        assert isinstance(too_many, Declined)
        assert too_many.code == "compute.too_many_keys"
        assert isinstance(await group.ask(known[0]), Answered)
        assert group.tickets[BANK] == []
        await group.close()
        assert set(group.ended.values()) == {None}


async def test_look_ups_in_a_table_set_up_once(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    held = pa.table({"key": [f"客{i}" for i in range(300)], "limit": [i * 0.5 for i in range(300)]})
    roles: Any = {BANK: ["owner"], SHOP: ["receiver"]}
    table = {"table": {BANK: rehearsal.enter(held)}}
    made = await rehearsal.run("retrieval_setup", roles, table, {"table_key": "key"})
    inputs = {"service": outputs_of(made, "service")}
    async with served(rehearsal, "retrieval", roles, inputs, SHOP) as group:
        answer = await group.ask("客7", "nobody", " 客299")
        assert isinstance(answer, Answered), answer
        assert answer.rows == [[{"limit": 3.5}], [], [{"limit": 149.5}]]
        refused = await group.ask("")
        assert isinstance(refused, Declined)
        assert refused.code == "compute.bad_input"
        refused = await group.ask(("a", "b"))
        assert isinstance(refused, Declined)
        assert isinstance(await group.ask("客1"), Answered)
        await group.close()


async def test_partner_that_dies_ends_the_others_with_its_name(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    held = pa.table({"key": ["a", "b"], "limit": [1, 2]})
    roles: Any = {BANK: ["owner"], SHOP: ["receiver"]}
    table = {"table": {BANK: rehearsal.enter(held)}}
    made = await rehearsal.run("retrieval_setup", roles, table, {"table_key": "key"})
    inputs = {"service": outputs_of(made, "service")}
    async with served(rehearsal, "retrieval", roles, inputs, SHOP) as group:
        assert isinstance(await group.ask("a"), Answered)
        await group.workers[BANK].kill()
        async with asyncio.timeout(PATIENCE_S):
            while SHOP not in group.ended:
                await asyncio.sleep(0.05)
        failure = group.ended[SHOP]
        assert failure is not None
        assert (failure.code, failure.blamed) == ("compute.peer_lost", BANK)


async def test_ids_that_are_not_unique_do_not_open(tmp_path: Path) -> None:
    from hanse.compute.services.errors import IdNotUnique, UnknownId
    from hanse.compute.services.keys import Index
    from hanse.data.batches import ArrowTable

    with pytest.raises(IdNotUnique):
        Index(ArrowTable(pa.table({"id": ["a", "a"]})), ["id"])
    index = Index(ArrowTable(pa.table({"id": ["a", None, "b"]})), ["id"])
    assert index.rows_of([[" b "], ["a"]]) == [2, 0]
    with pytest.raises(UnknownId):
        index.rows_of([["c"]])
    with pytest.raises(UnknownId):
        index.rows_of([["a", "b"]])
