"""An own algorithm in an attested worker, with real workers; refused by name where it must be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from own_package import needs_sandbox, package

from hanse.compute.attestation import AttestationPolicy
from hanse.compute.rehearsal import Outcome, Rehearsal
from hanse.compute.worker import code_fingerprint

ROWS = 60
RANDOM = np.random.default_rng(11)
INCOME, DEBT = RANDOM.uniform(0, 1000, ROWS), RANDOM.uniform(0, 1000, ROWS)
KEYS = [f"k{number}" for number in range(ROWS)]
EXPECTED = 0.8 * DEBT / (INCOME + 1)
ROLES = {"bank": ["owner"], "shop": ["owner"], "lab": ["compute"], "desk": ["receiver"]}
AT_AN_OWNER = {"bank": ["owner", "compute", "receiver"], "shop": ["owner", "receiver"]}
OURS = AttestationPolicy(tee="software", registers={"code": [code_fingerprint()]})
OTHER = AttestationPolicy(tee="software", registers={"code": ["ab" * 32]})


def rehearsal(folder: Path, suite: str = "intl", **limits: Any) -> Rehearsal:
    needs_sandbox()
    given = {"level": 2, "policies": [OURS], **limits}
    made = package().encode().decode()
    return Rehearsal(folder, suite, package=made, deadline_ms=120_000, **given)


async def run(
    stage: Rehearsal, roles: Any = ROLES, protocol: str = "software", **changes: Any
) -> dict[str, Outcome]:
    tables = {
        "bank": stage.enter({"id": KEYS, "income": INCOME}, key_columns=["id"]),
        "shop": stage.enter({"id": KEYS, "owed": DEBT}, key_columns=["id"]),
    }
    parameters = {
        "algorithm": "burden@1.0.0",
        "fingerprint": package().fingerprint(stage.suite),
        "settings": ["weight=0.8"],
        "columns": ["debt=shop.owed"],
    }
    return await stage.run(
        "algorithm_tee", roles, {"table": tables}, {**parameters, **changes}, protocol=protocol
    )


def codes(outcomes: Mapping[str, Outcome]) -> set[str]:
    return {outcome.error.code if outcome.error else "" for outcome in outcomes.values()}


@pytest.mark.parametrize(
    ("suite", "roles"), [("sm", ROLES), ("intl", AT_AN_OWNER)], ids=["apart", "at an owner"]
)
async def test_receivers_alone_get_what_the_function_gives(
    tmp_path: Path, suite: str, roles: dict[str, list[str]]
) -> None:
    stage = rehearsal(tmp_path, suite)
    outcomes = await run(stage, roles)
    assert codes(outcomes) == {""}
    for alias, outcome in outcomes.items():
        assert bool(outcome.outputs) == ("receiver" in roles[alias])
        if not outcome.outputs:
            continue
        report = msgspec.json.decode(stage.data(outcome.outputs["report"]))
        assert (report["engine"], report["protocol"]) == ("tee", "software")
        assert np.isclose(report["outputs"]["mean"], EXPECTED.mean(), rtol=1e-5)
        held = stage.table(outcome.outputs["rows"]).to_arrow().to_pydict()
        assert np.allclose(held["burden"], EXPECTED, rtol=1e-5)
    noted = outcomes["shop"].result
    assert noted is not None
    assert noted.measures["attested"]["label"].startswith("software only")
    assert noted.measures["attested"]["registers"] == {"code": code_fingerprint()}


@pytest.mark.parametrize(
    ("limits", "protocol", "code"),
    [
        ({"level": 3}, "software", "attestation.software_worker_refused"),
        ({"policies": []}, "software", "attestation.no_policy"),
        ({"policies": [OTHER]}, "software", "attestation.wrong_measurement"),
        (
            {"policies": [AttestationPolicy(tee="tdx", registers={"mr_td": ["ab" * 48]})]},
            "tdx",
            "attestation.no_hardware",
        ),
    ],
)
async def test_worker_that_is_not_accepted_gets_nothing(
    tmp_path: Path, limits: dict[str, Any], protocol: str, code: str
) -> None:
    outcomes = await run(rehearsal(tmp_path, **limits), protocol=protocol)
    assert codes(outcomes) == {code}
    events = [event for outcome in outcomes.values() for event in outcome.events]
    assert not [event for event in events if type(event).__name__ == "FirstByte"]


async def test_column_outside_its_range_ends_it_for_all(tmp_path: Path) -> None:
    assert codes(await run(rehearsal(tmp_path), columns=["debt=shop.id"])) == {
        "algorithm.bad_value"
    }
