"""Accuracy on real data: the joint model beside the same model in plaintext."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyarrow import csv

from hanse.compute import plaintext
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Rehearsal, outputs_of
from hanse.data.tables import Table

CREDIT = Path(__file__).parents[2].parent / "shared" / "data" / "credit_default.csv"
LABEL = "default.payment.next.month"
BANK = ["ID", "LIMIT_BAL", "PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6", LABEL]
ROLES: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "partner": ["owner", "compute"],
    "helper": ["compute"],
}


@pytest.mark.skipif(not CREDIT.exists(), reason="../shared/data/credit_default.csv is not here")
async def test_credit_default_joint_auc_is_within_half_a_point_of_plaintext(tmp_path: Path) -> None:
    table = csv.read_csv(CREDIT)
    assert table.num_rows == 30_000
    partner = [name for name in table.column_names if name not in BANK]
    rehearsal = Rehearsal(tmp_path)
    inputs = {
        "bank": rehearsal.enter(table.select(BANK), key_columns=["ID"]),
        "partner": rehearsal.enter(table.select(partner)),
    }
    owners: dict[str, list[Role]] = {"bank": ["owner"], "partner": ["owner"]}
    parts = await rehearsal.run("split", owners, {"table": inputs}, {"seed": 7})
    train, test = outputs_of(parts, "train"), outputs_of(parts, "test")
    parameters = {"label": LABEL, "epochs": 3, "batch_size": 1024}
    trained = await rehearsal.run("logistic_regression", ROLES, {"table": train}, parameters)
    measured = await rehearsal.run(
        "evaluate",
        ROLES,
        {"model": outputs_of(trained, "model"), "table": test},
        {"label": LABEL},
    )
    joint = json.loads(rehearsal.data(measured["bank"].outputs["report"]))

    def plain(references: dict[str, object]) -> dict[str, object]:
        return {
            alias: Table(ref.path, bytes.fromhex(ref.key), rehearsal.suite).to_arrow(
                BANK[1:] if alias == "bank" else partner
            )
            for alias, ref in references.items()
        }

    model = plaintext.fit(plain(train), parameters)
    expected = plaintext.evaluate(model, plain(test), LABEL)
    assert joint["rows"] == 9_000
    assert joint["auc"] == pytest.approx(expected["auc"], abs=0.005)
    assert joint["ks"] == pytest.approx(expected["ks"], abs=0.01)
    assert joint["auc"] > 0.71
