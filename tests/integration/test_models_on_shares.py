"""Models with real workers: what comes out on shares is what the plaintext twin finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from hanse.compute import plain_models, plaintext
from hanse.compute.errors import BadInput, BadLabel, BadParameter, NoSuchColumn, OutOfRange
from hanse.compute.operators import Role, get_operator, validate_parameters
from hanse.compute.operators.models import layers, whitening
from hanse.compute.operators.models.generalised import glm_method
from hanse.compute.operators.models.networks import method_of
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of

BOTH: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "partner": ["owner", "compute"],
}
THREE: dict[str, list[Role]] = {**BOTH, "helper": ["compute"]}
ROWS = 256
OTHERS = ["number", "count", "class", "flag", "exposure"]


def standardised(table: Any) -> Any:
    return ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)


def tables() -> tuple[Any, dict[str, Any]]:
    """Prepared columns, and the two owners' tables with labels of all kinds at the bank."""
    rng = np.random.default_rng(1)
    x = standardised(rng.normal(size=(ROWS, 4)) @ rng.normal(size=(4, 4))).astype(np.float64)
    exposure = rng.uniform(0.5, 2.0, ROWS)
    held = {
        "number": (x @ [1.0, -2.0, 0.5, 1.0] + rng.normal(size=ROWS)) * 1e9 + 5e9,
        "count": rng.poisson(np.exp(x @ [0.3, 0.2, -0.3, 0.1]) * exposure).astype(np.int64),
        "class": np.array(["甲", "乙"])[(x[:, 0] + x[:, 2] > 0).astype(int)],
        "flag": (x[:, 0] * x[:, 2] + x[:, 1] > 0).astype(np.int64),
    }
    bank = pa.table({"a": x[:, 0], "b": x[:, 1] * 1e12, **held})
    return x, {
        "bank": bank,
        "partner": pa.table({"c": x[:, 2] * 1e-6, "d": x[:, 3], "exposure": exposure}),
    }


async def trained(
    rehearsal: Rehearsal, operator: str, label: str, roles: Any = THREE, **parameters: Any
) -> tuple[dict[str, Outcome], dict[str, Any]]:
    """Train and evaluate on the same rows; the training's outcomes and the report."""
    _, held = tables()
    inputs = {alias: rehearsal.enter(table) for alias, table in held.items()}
    ports = {"table": inputs}
    if parameters.get("patience"):
        ports["validation"] = inputs
    free = [name for name in OTHERS if name not in {label, parameters.get("exposure")}]
    done = await rehearsal.run(
        operator, roles, ports, {"label": label, "exclude": free, **parameters}
    )
    if any(outcome.error for outcome in done.values()):
        return done, {}
    model = outputs_of(done, "model")
    ports = {"model": model, "table": inputs}
    measured = await rehearsal.run("evaluate", roles, ports, {"label": label})
    return done, json.loads(rehearsal.data(measured["bank"].outputs["report"]))


@pytest.mark.parametrize(
    "roles",
    [pytest.param(THREE, id="aby3"), pytest.param(BOTH, id="cheetah", marks=pytest.mark.slow)],
)
async def test_linear_regression_over_many_magnitudes_equals_least_squares(
    tmp_path: Path, roles: Any
) -> None:
    x, held = tables()
    _, report = await trained(Rehearsal(tmp_path), "linear_regression", "number", roles)
    truth = held["bank"]["number"].to_numpy()
    table = np.concatenate([x, np.ones((ROWS, 1))], axis=1)
    best, *_ = np.linalg.lstsq(table, truth, rcond=None)
    assert report["rmse"] == pytest.approx(np.sqrt(np.mean((table @ best - truth) ** 2)), rel=0.01)


async def test_poisson_with_exposure_equals_its_plaintext_twin(tmp_path: Path) -> None:
    x, held = tables()
    settings: dict[str, Any] = {"epochs": 4, "batch_size": 64}
    done, report = await trained(
        Rehearsal(tmp_path), "glm", "count", exposure="exposure", **settings
    )
    assert done["bank"].result is not None
    assert done["bank"].result.measures["epochs"] == 4
    blocks = [x[:, :2].astype(np.float32), x[:, 2:].astype(np.float32)]
    white = [whitening.learn(block) for block in blocks]
    truth = held["bank"]["count"].to_numpy().astype(float)
    exposure = held["partner"]["exposure"].to_numpy()
    offset = np.log(exposure / exposure.mean()).astype(np.float32)
    weights = plain_models.descend(
        glm_method(1.0),
        [whitening.apply(each, block) for each, block in zip(white, blocks, strict=True)],
        (truth / truth.mean()).astype(np.float32),
        offset=offset,
        learning_rate=0.1,
        **settings,
    )["weights"]
    said = np.exp(plain_models.Linear(white, weights).scores(blocks) + offset) * truth.mean()
    assert report["rmse"] == pytest.approx(np.sqrt(np.mean((said - truth) ** 2)), rel=0.01)


@pytest.mark.long
async def test_classes_stop_early_and_are_predicted_by_name(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    done, report = await trained(
        rehearsal,
        "multinomial_regression",
        "class",
        epochs=12,
        learning_rate="1",
        momentum="0.95",
        batch_size=32,
        patience=1,
        class_weight="balanced",
    )
    assert done["bank"].result is not None
    assert 2 <= done["bank"].result.measures["epochs"] < 12
    assert report["classes"] == sorted(["甲", "乙"])
    assert report["accuracy"] > 0.9
    inputs = {alias: rehearsal.enter(table) for alias, table in tables()[1].items()}
    ports = {"model": outputs_of(done, "model"), "table": inputs}
    scored = await rehearsal.run("predict", THREE, ports)
    table = rehearsal.table(scored["bank"].outputs["scores"]).to_arrow()
    assert table.column_names == ["row", "score", "predicted", "score_乙", "score_甲"]
    said, truth = table["predicted"].to_pylist(), tables()[1]["bank"]["class"].to_pylist()
    right = np.mean([one == other for one, other in zip(said, truth, strict=True)])
    assert right == pytest.approx(report["accuracy"])


@pytest.mark.long
async def test_a_weighted_regression_stops_early_and_equals_its_plaintext_twin(
    tmp_path: Path,
) -> None:
    _, held = tables()
    given = {"class_weight": "given", "positive_weight": "2", "batch_size": 64, "seed": 9}
    done, report = await trained(
        Rehearsal(tmp_path), "logistic_regression", "flag", epochs=30, patience=1, **given
    )
    assert done["bank"].result is not None
    epochs = int(done["bank"].result.measures["epochs"])
    assert epochs < 30
    wanted = {"bank": held["bank"].select(["a", "b", "flag"]), "partner": held["partner"]}
    settings = {"label": "flag", "exclude": ["exposure"], "epochs": 30, **given}
    twin = plaintext.evaluate(plaintext.fit(wanted, settings), wanted, "flag")
    assert report["auc"] == pytest.approx(twin["auc"], abs=0.02)
    assert report["recall"] > twin["recall"] - 0.05


async def test_newton_with_weights_and_a_penalty_equals_its_plaintext_twin(tmp_path: Path) -> None:
    _, held = tables()
    given = {"solver": "newton", "rounds": 2, "class_weight": "balanced", "l2": "0.05"}
    done, report = await trained(Rehearsal(tmp_path), "logistic_regression", "flag", **given)
    assert done["bank"].error is None
    wanted = {"bank": held["bank"].select(["a", "b", "flag"]), "partner": held["partner"]}
    settings = {"label": "flag", "exclude": ["exposure"], **given}
    twin = plaintext.evaluate(plaintext.fit(wanted, settings), wanted, "flag")
    assert report["log_loss"] == pytest.approx(twin["log_loss"], rel=0.001)
    assert report["auc"] == pytest.approx(twin["auc"], abs=0.001)


async def test_newton_stops_by_itself_and_refuses_patience(tmp_path: Path) -> None:
    done, _ = await trained(
        Rehearsal(tmp_path), "logistic_regression", "flag", solver="newton", patience=1
    )
    assert {type(outcome.error) for outcome in done.values()} == {BadParameter}


@pytest.mark.slow
async def test_a_network_is_as_good_as_its_plaintext_twin(tmp_path: Path) -> None:
    x, held = tables()
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 32}
    given = {"hidden": 4, "learning_rate": "0.1", **settings}
    _, report = await trained(Rehearsal(tmp_path), "neural_network", "flag", **given)
    method = method_of(
        validate_parameters(get_operator("neural_network"), {"label": "flag", **given})
    )
    blocks = [x[:, :2].astype(np.float32), x[:, 2:].astype(np.float32)]
    truth = held["bank"]["flag"].to_numpy().astype(np.float32)
    values = plain_models.descend(method, blocks, truth, learning_rate=0.1, l2=0.0001, **settings)
    scores = layers.scores(*blocks, *values.values(), layers=2, activation="relu")
    assert report["auc"] == pytest.approx(roc_auc_score(truth, scores), abs=0.02)


@pytest.mark.slow
async def test_a_network_learns_what_no_line_can(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"hidden": 8, "epochs": 8, "batch_size": 32, "learning_rate": "0.1"}
    _, report = await trained(Rehearsal(tmp_path), "neural_network", "flag", **settings)
    assert report["auc"] > 0.93


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operator", "label", "more"),
    [
        ("glm", "count", {"power": "1.5"}),
        ("multinomial_regression", "class", {}),
        ("logistic_regression", "flag", {"class_weight": "balanced", "patience": 1}),
        ("logistic_regression", "flag", {"solver": "newton", "rounds": 2}),
        ("neural_network", "flag", {"hidden": 4, "activation": "square"}),
        ("neural_network", "class", {"hidden": 4, "hidden_2": 4, "output": "classes"}),
    ],
)
async def test_every_model_trains_between_two_nodes(
    tmp_path: Path, operator: str, label: str, more: dict[str, Any]
) -> None:
    settings = {"epochs": 2, "batch_size": 64, **more}
    _, report = await trained(Rehearsal(tmp_path), operator, label, BOTH, **settings)
    assert report["rows"] == ROWS


@pytest.mark.parametrize(
    ("operator", "label", "more", "error"),
    [
        ("glm", "count", {"exposure": "nowhere"}, NoSuchColumn),
        ("glm", "class", {}, BadLabel),
        ("multinomial_regression", "number", {}, BadLabel),
        (
            "glm",
            "count",
            {"epochs": 200, "batch_size": 8, "learning_rate": "1", "momentum": "0.95"},
            OutOfRange,
        ),
        ("linear_regression", "nowhere", {}, NoSuchColumn),
        ("logistic_regression", "count", {}, BadLabel),
    ],
)
async def test_what_does_not_fit_is_refused_by_name_before_anything_is_shared(
    tmp_path: Path, operator: str, label: str, more: dict[str, Any], error: type[Exception]
) -> None:
    done, _ = await trained(Rehearsal(tmp_path), operator, label, **more)
    assert any(isinstance(outcome.error, error) for outcome in done.values()), [
        outcome.error for outcome in done.values()
    ]
    assert not any(outcome.result for outcome in done.values())


async def test_patience_without_a_validation_table_is_refused(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    inputs = {alias: rehearsal.enter(table) for alias, table in tables()[1].items()}
    given = {"label": "count", "exclude": ["number", "class", "flag"], "patience": 2}
    done = await rehearsal.run("glm", THREE, {"table": inputs}, given)
    assert {type(outcome.error) for outcome in done.values()} == {BadInput}
