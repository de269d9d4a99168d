"""Whole sessions: real workers over real links, results against plaintext."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute import plaintext
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.compute.worker import FirstByte, ObjectRef, Progress
from hanse.data.tables import Table

OWNERS: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner"]}
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
    "helper": ["compute"],
}
TWO: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
}
APART: dict[str, list[Role]] = {
    "bank": ["owner", "compute"],
    "merchant": ["owner"],
    "helper": ["compute"],
    "other": ["compute"],
    "reader": ["receiver"],
}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("sessions")
    yield Rehearsal(folder, deadline_ms=240_000)


def make_tables(rows: int = 400, seed: int = 1) -> tuple[pa.Table, pa.Table]:
    """A bank's and a merchant's rows in the same order, with gaps, texts and huge amounts."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 4))
    chance = 1 / (1 + np.exp(-(hidden @ [1.5, -1.0, 0.8, 0.5])))
    label = (rng.random(rows) < chance).astype(np.int64)
    city = np.where(hidden[:, 2] > 0.3, "北京", np.where(hidden[:, 2] > -0.5, "上海", "广州"))
    left = {
        "id": [f"u{number:05d}" for number in range(rows)],
        "年龄": np.round(40 + 10 * hidden[:, 0]).astype(np.int64),
        "always": np.ones(rows),
        "y": label,
    }
    right = {
        "no": [f" U{number:05d}" for number in range(rows)],
        "amount": pa.array(1e11 + 3e11 * hidden[:, 1], mask=rng.random(rows) < 0.1),
        "city": city,
        "score": hidden[:, 3],
    }
    return pa.table(left), pa.table(right)


def enter_pair(rehearsal: Rehearsal, rows: int = 400) -> dict[str, ObjectRef]:
    left, right = make_tables(rows)
    return {
        "bank": rehearsal.enter(left, key_columns=["id"]),
        "merchant": rehearsal.enter(right, key_columns=["no"]),
    }


def read(rehearsal: Rehearsal, reference: ObjectRef) -> Any:
    return Table(reference.path, bytes.fromhex(reference.key), rehearsal.suite).to_arrow()


def report_of(rehearsal: Rehearsal, outcome: Outcome) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(rehearsal.data(outcome.outputs["report"]))
    return report


async def test_align_and_split_give_both_owners_the_same_rows(rehearsal: Rehearsal) -> None:
    left, right = make_tables()
    shuffled = np.random.default_rng(5).permutation(300)
    inputs = {
        "left": {"bank": rehearsal.enter(left)},
        "right": {"merchant": rehearsal.enter(right.take(shuffled + 50))},
    }
    done = await rehearsal.run(
        "align", OWNERS, inputs, {"left_key": "id", "right_key": "no", "case": "lower"}
    )
    tables = {alias: read(rehearsal, ref) for alias, ref in outputs_of(done, "table").items()}
    ids = tables["bank"]["id"].to_pylist()
    assert sorted(ids) == [f"u{number:05d}" for number in range(50, 350)]
    assert ids == [text.strip().lower() for text in tables["merchant"]["no"].to_pylist()]
    assert tables["merchant"].column_names == ["no", "amount", "city", "score"]
    for outcome in done.values():
        kinds = [type(event) for event in outcome.events]
        phases = [event.phase for event in outcome.events if isinstance(event, Progress)]
        assert kinds.count(FirstByte) == 1
        assert phases.index("check") < phases.index("intersect")
        assert kinds.index(FirstByte) > kinds.index(Progress)

    parts = await rehearsal.run(
        "split", OWNERS, {"table": outputs_of(done, "table")}, {"test_fraction": "0.25"}
    )
    for port, rows in (("train", 225), ("test", 75)):
        held = {alias: read(rehearsal, ref) for alias, ref in outputs_of(parts, port).items()}
        assert held["bank"].num_rows == rows
        other = [text.strip().lower() for text in held["merchant"]["no"].to_pylist()]
        assert held["bank"]["id"].to_pylist() == other
    assert not any(isinstance(e, FirstByte) for e in parts["bank"].events)


@pytest.mark.parametrize("protocol", ["rr22", "ecdh"])
async def test_intersect_shows_the_receiver_only(rehearsal: Rehearsal, protocol: str) -> None:
    left, right = make_tables(60)
    roles: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner", "receiver"]}
    inputs = {
        "left": {"bank": rehearsal.enter(left.slice(20))},
        "right": {"merchant": rehearsal.enter(right)},
    }
    done = await rehearsal.run(
        "intersect",
        roles,
        inputs,
        {"left_key": "id", "right_key": "no", "case": "lower"},
        protocol=protocol,
    )
    assert done["bank"].outputs == {}
    assert done["bank"].result is not None
    assert "rows_common" not in done["bank"].result.measures
    assert rehearsal.table(done["merchant"].outputs["table"]).rows == 40


@pytest.mark.parametrize(("roles", "receiver"), [(THREE, "bank"), (TWO, "bank"), (APART, "reader")])
async def test_summary_is_right_for_huge_amounts(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], receiver: str
) -> None:
    inputs = enter_pair(rehearsal)
    done = await rehearsal.run("summary", roles, {"table": inputs})
    report = report_of(rehearsal, done[receiver])
    lines = {line["column"]: line for line in report["columns"]}
    assert set(lines) == {"年龄", "always", "y", "amount", "city", "score"}
    for alias, reference in inputs.items():
        for name, column in zip(
            (table := read(rehearsal, reference)).column_names, table.columns, strict=True
        ):
            if name in {"id", "no"}:
                continue
            assert lines[name]["owner"] == alias
            assert lines[name]["missing"] == column.null_count
            if name != "city":
                known = np.asarray(column.drop_null(), float)
                assert lines[name]["mean"] == pytest.approx(known.mean(), rel=1e-9)
                assert lines[name]["stddev"] == pytest.approx(known.std(ddof=1), rel=1e-7)
                assert lines[name]["minimum"] == known.min()
                assert lines[name]["maximum"] == known.max()
    assert "mean" not in lines["city"]
    for alias, outcome in done.items():
        assert (outcome.outputs == {}) == (alias != receiver)


@pytest.mark.parametrize(
    "roles",
    [pytest.param(THREE, id="aby3"), pytest.param(TWO, id="cheetah", marks=pytest.mark.long)],
)
async def test_joint_model_is_the_plaintext_model(
    rehearsal: Rehearsal, roles: dict[str, list[Role]]
) -> None:
    inputs = enter_pair(rehearsal)
    parameters = {"label": "y", "epochs": 4, "batch_size": 200, "learning_rate": "0.2"}
    trained = await rehearsal.run("logistic_regression", roles, {"table": inputs}, parameters)
    models = outputs_of(trained, "model")
    assert set(models) == set(roles)
    assert models["bank"].meta["dropped"] == ["always"]

    both = {"model": models, "table": inputs}
    measured = await rehearsal.run("evaluate", roles, both, {"label": "y"})
    report = report_of(rehearsal, measured["bank"])
    assert measured["merchant"].outputs == {}

    tables = {alias: read(rehearsal, ref) for alias, ref in inputs.items()}
    plain = plaintext.fit(
        {
            "bank": tables["bank"].drop_columns(["id"]),
            "merchant": tables["merchant"].drop_columns(["no"]),
        },
        parameters,
    )
    expected = plaintext.evaluate(plain, tables, "y")
    assert report["auc"] == pytest.approx(expected["auc"], abs=0.005)
    assert report["ks"] == pytest.approx(expected["ks"], abs=0.02)
    assert report["log_loss"] == pytest.approx(expected["log_loss"], abs=0.01)
    assert expected["auc"] > 0.75

    scored = await rehearsal.run("predict", roles, both)
    table = rehearsal.table(scored["bank"].outputs["scores"]).to_arrow()
    assert table.column_names == ["id", "score"]
    assert table["id"].to_pylist() == tables["bank"]["id"].to_pylist()
    difference = np.asarray(table["score"]) - plaintext.predict(plain, tables)
    assert np.abs(difference).max() < 0.01


async def test_owner_that_does_not_compute_shares_its_columns_and_holds_no_weights(
    rehearsal: Rehearsal,
) -> None:
    inputs = enter_pair(rehearsal, 200)
    trained = await rehearsal.run(
        "logistic_regression", APART, {"table": inputs}, {"label": "y", "epochs": 1}
    )
    models = outputs_of(trained, "model")
    assert set(models) == {"bank", "merchant", "helper", "other"}
    scored = await rehearsal.run("predict", APART, {"model": models, "table": inputs})
    table = rehearsal.table(scored["reader"].outputs["scores"]).to_arrow()
    assert table.column_names == ["row", "score"]
    assert all(scored[alias].outputs == {} for alias in APART if alias != "reader")


@pytest.mark.long
async def test_second_session_finds_the_program_in_the_cache(rehearsal: Rehearsal) -> None:
    inputs = enter_pair(rehearsal, 123)
    for expected in (False, True):
        done = await rehearsal.run("summary", THREE, {"table": inputs})
        result = done["bank"].result
        assert result is not None
        assert result.measures["from_cache"] is expected


async def test_national_suite_is_used_for_files(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, "sm")
    left, right = make_tables(50)
    inputs = {
        "left": {"bank": rehearsal.enter(left)},
        "right": {"merchant": rehearsal.enter(right)},
    }
    done = await rehearsal.run(
        "align", OWNERS, inputs, {"left_key": "id", "right_key": "no", "case": "lower"}
    )
    assert rehearsal.table(done["bank"].outputs["table"]).rows == 50
