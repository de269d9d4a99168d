"""The family `features` with real workers: what is computed, who gets it, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of

LABEL = "y"
ROWS = 600
OWNERS: dict[str, list[Role]] = {"bank": ["owner"], "shop": ["owner"]}
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "shop": ["owner", "compute", "receiver"],
    "helper": ["compute"],
}
TWO: dict[str, list[Role]] = {alias: THREE[alias] for alias in ("bank", "shop")}
BOTH = pytest.mark.parametrize(
    "roles",
    [pytest.param(THREE, id="aby3"), pytest.param(TWO, id="cheetah", marks=pytest.mark.slow)],
)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("features"), deadline_ms=240_000)
    yield rehearsal
    rehearsal.clear()


def tables() -> tuple[pa.Table, pa.Table]:
    """A bank's table with the label, a shop's table with gaps, texts and useless columns."""
    rng = np.random.default_rng(8)
    hidden = rng.normal(size=(ROWS, 3))
    labels = (rng.random(ROWS) < 1 / (1 + np.exp(1 - hidden.sum(axis=1)))).astype(np.int64)
    cities = np.array(["北京", "上海", "广州"])[np.digitize(hidden[:, 2], [-0.5, 0.8])]
    bank = {
        "id": [f"k{n}" for n in range(ROWS)],
        "income": np.exp(10 + hidden[:, 0]),
        LABEL: labels,
    }
    shop = {
        "spend": [None if n % 9 == 0 else float(v) for n, v in enumerate(hidden[:, 1] * 1e-6)],
        "城市": cities.tolist(),
        "constant": [1.0] * ROWS,
        "nothing": pa.array([None] * ROWS, pa.float64()),
        "noise": rng.normal(size=ROWS) * 1e12,
    }
    return pa.table(bank), pa.table(shop)


def entered(rehearsal: Rehearsal) -> dict[str, Any]:
    bank, shop = tables()
    return {
        "bank": rehearsal.enter(bank, key_columns=["id"]),
        "shop": rehearsal.enter(shop),
    }


async def done(
    rehearsal: Rehearsal,
    operator: str,
    roles: dict[str, list[Role]],
    inputs: dict[str, Any],
    **parameters: object,
) -> dict[str, Outcome]:
    outcomes = await rehearsal.run(operator, roles, inputs, parameters)
    for alias, outcome in outcomes.items():
        assert outcome.error is None, (alias, outcome.error, outcome.failure)
    return outcomes


async def refusal(
    rehearsal: Rehearsal,
    operator: str,
    roles: dict[str, list[Role]],
    inputs: dict[str, Any],
    **parameters: object,
) -> str:
    outcomes = await rehearsal.run(operator, roles, inputs, parameters)
    codes = {outcome.error.code for outcome in outcomes.values() if outcome.error}
    assert len(codes) == 1, codes
    assert all(outcome.result is None for outcome in outcomes.values())
    return codes.pop()


def report_of(rehearsal: Rehearsal, outcomes: dict[str, Outcome], alias: str, port: str) -> Any:
    return json.loads(rehearsal.data(outcomes[alias].outputs[port]))


@BOTH
async def test_binning_counts_exactly_and_tells_each_its_own(
    rehearsal: Rehearsal, roles: dict[str, list[Role]]
) -> None:
    inputs = {"table": entered(rehearsal)}
    outcomes = await done(rehearsal, "woe_binning", roles, inputs, label=LABEL, bins=4)
    assert "helper" not in roles or set(outcomes["helper"].outputs) == set()
    told = report_of(rehearsal, outcomes, "bank", "report")
    assert told == report_of(rehearsal, outcomes, "shop", "report")
    assert [line["column"] for line in told["columns"]] == ["income", "spend", "城市", "noise"]
    assert told["left_out"] == {"shop": ["constant", "nothing"]}
    bank, shop = tables()
    labels = np.asarray(bank[LABEL])
    own = report_of(rehearsal, outcomes, "shop", "bins")
    assert [line["name"] for line in own["columns"]] == ["spend", "城市", "noise"]
    for line in own["columns"][:2]:
        values = shop[line["name"]].to_pylist()
        if line["type"] == "text":
            groups = {value: n for n, group in enumerate(line["groups"]) for value in group}
            places = np.array([groups[value] for value in values])
        else:
            known = np.array([np.nan if v is None else v for v in values])
            places = np.searchsorted(line["edges"], known, side="right")
            places[np.isnan(known)] = len(line["weights"])
        rows = np.bincount(places, minlength=len(line["rows"]))
        events = np.bincount(places, labels, minlength=len(line["rows"])).astype(int)
        there = np.array(line["rows"]) >= 0
        assert rows[there].tolist() == np.array(line["rows"])[there].tolist()
        assert events[there].tolist() == np.array(line["events"])[there].tolist()
        share = events[there] / labels.sum() - (rows - events)[there] / (ROWS - labels.sum())
        woe = np.array([*line["weights"], line["missing"]])[there]
        assert line["iv"] == pytest.approx(float((share * woe).sum()))
    both = {**inputs, "recipe": outputs_of(outcomes, "recipe")}
    moved = await done(rehearsal, "woe_transform", OWNERS, both)
    table = rehearsal.table(moved["shop"].outputs["table"]).to_arrow()
    assert table.column_names == ["spend", "城市", "noise"]
    assert len(np.unique(np.asarray(table["城市"]))) <= 3
    kept = rehearsal.table(moved["bank"].outputs["table"]).to_arrow()
    assert kept["id"].to_pylist()[:2] == ["k0", "k1"]
    assert moved["bank"].outputs["table"].meta["key_columns"] == ["id"]


async def test_binning_refuses_what_does_not_fit(rehearsal: Rehearsal) -> None:
    good = entered(rehearsal)
    silent = {**TWO, "shop": ["owner", "compute"]}
    asked = {"label": LABEL}
    bank, _ = tables()
    same = bank.set_column(2, LABEL, pa.array([1] * ROWS))
    one_class = {**good, "bank": rehearsal.enter(same, key_columns=["id"])}
    run = [
        (silent, good, asked, "compute.bad_roles"),
        (TWO, good, asked | {"minimum_bin_rows": 500}, "compute.no_features"),
        (TWO, one_class, asked, "compute.one_class_label"),
    ]
    for roles, inputs, parameters, code in run:
        assert await refusal(rehearsal, "woe_binning", roles, {"table": inputs}, **parameters) == (
            code
        )


async def test_stratified_rows_are_the_same_everywhere_and_keep_shares(
    rehearsal: Rehearsal,
) -> None:
    inputs = {"table": entered(rehearsal)}
    outcomes = await done(
        rehearsal, "stratified_split", OWNERS, inputs, stratify=LABEL, test_fraction="0.25"
    )
    bank, shop = tables()
    test = rehearsal.table(outcomes["bank"].outputs["test"]).to_arrow()
    other = rehearsal.table(outcomes["shop"].outputs["test"]).to_arrow()
    rows = [int(key[1:]) for key in test["id"].to_pylist()]
    assert rows == sorted(rows)
    assert other["noise"].to_pylist() == shop["noise"].take(pa.array(rows)).to_pylist()
    labels = np.asarray(bank[LABEL])
    for value in (0, 1):
        assert (labels[rows] == value).sum() == round(0.25 * (labels == value).sum())
    train = rehearsal.table(outcomes["bank"].outputs["train"]).to_arrow()
    assert sorted(test["id"].to_pylist() + train["id"].to_pylist()) == sorted(
        bank["id"].to_pylist()
    )
    again = await done(rehearsal, "sample", OWNERS, inputs, stratify="城市", fraction="0.1")
    drawn = rehearsal.table(again["shop"].outputs["table"]).to_arrow()
    cities = drawn["城市"].to_pylist()
    everywhere = shop["城市"].to_pylist()
    assert {c: cities.count(c) for c in set(everywhere)} == {
        c: round(0.1 * everywhere.count(c)) for c in set(everywhere)
    }
    code = await refusal(rehearsal, "sample", OWNERS, inputs, stratify="gone")
    assert code == "compute.no_such_column"


async def test_plain_sample_and_cleaning_send_nothing(rehearsal: Rehearsal) -> None:
    inputs = {"table": entered(rehearsal)}
    drawn = await done(rehearsal, "sample", OWNERS, inputs, fraction="0.5", seed=4)
    assert {outcome.outputs["table"].rows for outcome in drawn.values()} == {300}
    part = outputs_of(drawn, "table")
    rules = {"scale": "standard", "one_hot": True, "exclude": [LABEL], "drop": ["noise"]}
    cleaned = await done(rehearsal, "preprocess", OWNERS, {"table": part}, **rules)
    shop = rehearsal.table(cleaned["shop"].outputs["table"]).to_arrow()
    assert shop.column_names[0] == "spend"
    assert set(shop.column_names[1:4]) == {"城市=北京", "城市=上海", "城市=广州"}
    assert shop.column_names[4:] == ["constant"]
    assert float(np.mean(np.asarray(shop["spend"]))) == pytest.approx(0, abs=1e-9)
    bank = rehearsal.table(cleaned["bank"].outputs["table"]).to_arrow()
    assert set(bank[LABEL].to_pylist()) == {0, 1}
    both = {**inputs, "recipe": outputs_of(cleaned, "recipe")}
    other = await done(rehearsal, "apply_preprocess", OWNERS, both)
    assert other["shop"].outputs["table"].rows == ROWS
    assert rehearsal.table(other["shop"].outputs["table"]).to_arrow().column_names == (
        shop.column_names
    )
    assert all("bytes_sent" not in o.result.measures for o in other.values() if o.result)
    wrong = {"table": inputs["table"], "recipe": outputs_of(cleaned, "recipe")}
    assert await refusal(rehearsal, "woe_transform", OWNERS, wrong) == "compute.bad_input"
