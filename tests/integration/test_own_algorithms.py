"""An own algorithm with real workers: under MPC beside plaintext, and refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from own_package import MANIFEST, SOURCE, needs_sandbox, package

from hanse.compute.rehearsal import Outcome, Rehearsal
from hanse.compute.worker import OutputRef
from hanse.crypto.suite import get_suite

ROWS = 60
RANDOM = np.random.default_rng(5)
INCOME, DEBT = RANDOM.uniform(0, 1000, ROWS), RANDOM.uniform(0, 1000, ROWS)
KEYS = [f"k{number}" for number in range(ROWS)]
ABY3 = {
    "bank": ["owner", "compute", "receiver"],
    "shop": ["owner", "compute"],
    "third": ["compute"],
}
CHEETAH = {"bank": ["owner", "compute", "receiver"], "shop": ["owner", "compute"]}
PARAMETERS = {
    "algorithm": "burden@1.0.0",
    "fingerprint": package().fingerprint(get_suite("intl")),
    "settings": ["weight=0.8"],
    "columns": ["debt=shop.owed"],
}
EXPECTED = 0.8 * DEBT / (INCOME + 1)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    needs_sandbox()
    return Rehearsal(tmp_path, package=package().encode().decode(), deadline_ms=120_000)


async def run(rehearsal: Rehearsal, roles: Any, **changes: Any) -> dict[str, Outcome]:
    tables = {
        "bank": rehearsal.enter({"id": KEYS, "income": INCOME}, key_columns=["id"]),
        "shop": rehearsal.enter({"id": KEYS, "owed": DEBT}, key_columns=["id"]),
    }
    return await rehearsal.run("algorithm", roles, {"table": tables}, {**PARAMETERS, **changes})


def codes(outcomes: Mapping[str, Outcome]) -> set[str]:
    return {outcome.error.code for outcome in outcomes.values() if outcome.error}


def check(rehearsal: Rehearsal, outputs: Mapping[str, OutputRef], engine: str, near: float) -> None:
    report = msgspec.json.decode(rehearsal.data(outputs["report"]))
    assert (report["engine"], report["rows"]) == (engine, ROWS)
    assert report["fingerprint"] == PARAMETERS["fingerprint"]
    assert np.isclose(report["outputs"]["mean"], EXPECTED.mean(), rtol=near)
    assert np.allclose(report["outputs"]["top"], np.sort(EXPECTED)[-3:], rtol=near)
    table = rehearsal.table(outputs["rows"]).to_arrow().to_pydict()
    assert table["id"] == KEYS
    assert np.allclose(table["burden"], EXPECTED, rtol=near, atol=1e-3)


async def test_mpc_gives_what_plaintext_gives_under_aby3(rehearsal: Rehearsal) -> None:
    outcomes = await run(rehearsal, ABY3)
    assert not codes(outcomes)
    check(rehearsal, outcomes["bank"].outputs, "spu", 1e-2)
    assert not outcomes["shop"].outputs
    assert not outcomes["third"].outputs


@pytest.mark.slow
async def test_mpc_gives_what_plaintext_gives_under_cheetah(rehearsal: Rehearsal) -> None:
    outcomes = await run(rehearsal, CHEETAH)
    assert not codes(outcomes)
    check(rehearsal, outcomes["bank"].outputs, "spu", 1e-2)


async def test_plain_run_at_the_owner_sends_outputs_to_the_receiver(rehearsal: Rehearsal) -> None:
    table = rehearsal.enter({"id": KEYS, "income": INCOME, "debt": DEBT}, key_columns=["id"])
    outcomes = await rehearsal.run(
        "algorithm_plain",
        {"bank": ["owner"], "shop": ["receiver"]},
        {"table": {"bank": table}},
        {**PARAMETERS, "columns": []},
    )
    assert not codes(outcomes)
    report = msgspec.json.decode(rehearsal.data(outcomes["shop"].outputs["report"]))
    assert (report["engine"], report["rows"]) == ("plain", ROWS)
    assert np.isclose(report["outputs"]["mean"], EXPECTED.mean(), rtol=1e-5)
    held = rehearsal.table(outcomes["shop"].outputs["rows"]).to_arrow().to_pydict()
    assert np.allclose(held["burden"], EXPECTED, rtol=1e-5)
    assert list(held) == ["row", "burden"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fingerprint": "0" * 64}, "algorithm.fingerprint_differs"),
        ({"algorithm": "other@1.0.0"}, "algorithm.bad_manifest"),
        ({"settings": ["weight=7"]}, "algorithm.bad_manifest"),
        ({"columns": ["debt=shop.spent"]}, "compute.no_such_column"),
        ({"columns": ["assets=shop.owed"]}, "compute.bad_input"),
        ({"columns": ["debt=shop.id"]}, "algorithm.bad_value"),
    ],
)
async def test_step_that_does_not_fit_ends_before_a_share_is_made(
    rehearsal: Rehearsal, changes: dict[str, Any], code: str
) -> None:
    outcomes = await run(rehearsal, CHEETAH, **changes)
    assert codes(outcomes) == {code}


@pytest.mark.slow
@pytest.mark.parametrize("bad", [2000.0, -1.0, float("nan"), float("inf"), None])
async def test_values_outside_the_declared_range_are_refused(
    rehearsal: Rehearsal, bad: float | None
) -> None:
    tables = {
        "bank": rehearsal.enter({"income": [*INCOME[:-1], bad]}),
        "shop": rehearsal.enter({"owed": DEBT}),
    }
    outcomes = await rehearsal.run("algorithm", CHEETAH, {"table": tables}, PARAMETERS)
    assert codes(outcomes) == {"algorithm.bad_value"}


@pytest.mark.slow
async def test_function_that_tries_to_leave_the_sandbox_ends_everybody(tmp_path: Path) -> None:
    needs_sandbox()
    import hanse.compute.algorithms.package as packages

    source = SOURCE.replace("    burden =", "    jnp.save('/stolen', 1)\n    burden =")
    held = packages.make_package(MANIFEST, source)
    rehearsal = Rehearsal(tmp_path, package=held.encode().decode(), deadline_ms=120_000)
    outcomes = await run(rehearsal, CHEETAH, fingerprint=held.fingerprint(get_suite("intl")))
    assert codes(outcomes) == {"algorithm.forbidden_action"}
