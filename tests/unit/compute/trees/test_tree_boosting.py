"""Growing trees in plaintext beside XGBoost on the same candidates."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
import xgboost

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.metrics import logistic
from hanse.compute.operators.trees import plain
from hanse.compute.operators.trees.board import PlainBoard
from hanse.compute.operators.trees.boosting import Run, Shapes, quiet, start_judging
from hanse.compute.operators.trees.clear import Holder
from hanse.compute.operators.trees.settings import (
    SUM_BITS,
    Settings,
    candidates_allowed,
    make_scaling,
    rows_used,
)

ROWS = 1500
SIZES = [5, 5, 4]
BASE = Settings(
    binary=True,
    trees=4,
    depth=3,
    rate=0.3,
    l2=1.0,
    gamma=0.0,
    least=1.0,
    subsample=1.0,
    columns=1.0,
    positive=1.0,
    patience=0,
    seed=3,
)


def data(seed: int = 1) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Answers to candidates of three columns, and numbers they explain in part."""
    rng = np.random.default_rng(seed)
    columns = rng.random((ROWS, len(SIZES)))
    bits = [
        columns[:, [at]] >= np.arange(1, size + 1) / (size + 1) for at, size in enumerate(SIZES)
    ]
    target = columns[:, 0] * columns[:, 1] * 4 - columns[:, 2] + rng.normal(size=ROWS) * 0.3
    return np.concatenate(bits, axis=1).astype(np.int32), target


def xgboost_of(settings: Settings, bits: Any, labels: Any, start: float) -> Any:
    parameters = {
        "objective": "binary:logistic" if settings.binary else "reg:squarederror",
        "base_score": float(logistic(np.array(start))) if settings.binary else start,
        "max_depth": settings.depth,
        "eta": settings.rate,
        "lambda": settings.l2,
        "gamma": settings.gamma,
        "min_child_weight": settings.least,
        "scale_pos_weight": settings.positive,
        "tree_method": "exact",
        "nthread": 1,
    }
    trained = xgboost.train(parameters, xgboost.DMatrix(bits, labels), settings.trees)
    return trained.predict(xgboost.DMatrix(bits), output_margin=True)


@pytest.mark.parametrize(
    "changes",
    [{}, {"positive": 3.0}, {"least": 20.0, "l2": 5.0}, {"l2": 0.0, "depth": 2}],
    ids=["plain", "weighted", "cautious", "no penalty"],
)
def test_binary_scores_are_those_of_xgboost(changes: dict[str, Any]) -> None:
    bits, target = data()
    labels = (target > 0.5).astype(np.float32)
    settings = msgspec.structs.replace(BASE, **changes)
    model = plain.fit([bits], SIZES, labels, settings, start=0.2)
    expected = xgboost_of(settings, bits, labels, 0.2)
    assert np.abs(plain.scores(model, [bits]) - expected).max() < 2e-3


def test_numbers_are_predicted_as_by_xgboost() -> None:
    bits, target = data()
    labels = ((target - target.mean()) / target.std()).astype(np.float32)
    settings = msgspec.structs.replace(BASE, binary=False)
    model = plain.fit([bits[:, :5], bits[:, 5:]], SIZES, labels, settings)
    expected = xgboost_of(settings, bits, labels, 0.0)
    assert np.abs(plain.scores(model, [bits]) - expected).max() < 2e-3


def test_nothing_to_gain_leaves_all_rows_on_the_left() -> None:
    bits, target = data()
    labels = (target > 0.5).astype(np.float32)
    settings = msgspec.structs.replace(BASE, gamma=1e3)
    model = plain.fit([bits], SIZES, labels, settings, start=0.0)
    assert model.selectors.sum() == 0
    assert len(set(plain.scores(model, [bits]).tolist())) == 1


def test_holder_in_the_clear_grows_the_same_trees() -> None:
    bits, target = data()
    labels = (target > 0.5).astype(np.float32)
    shapes = Shapes(ROWS, 0, SIZES)
    holder = Holder(BASE, make_scaling(ROWS, 1.0), shapes, labels, 0.2)
    for tree in range(BASE.trees):
        holder.begin(tree)
        for _ in range(BASE.depth):
            splits = holder.choose(holder.masked() @ bits)
            holder.send_on({s.node: bits[holder.rows_in(s.node), s.candidate] > 0 for s in splits})
        assert not holder.end()
    model = plain.fit([bits], SIZES, labels, BASE, start=0.2)
    assert np.allclose(np.stack(holder.weights), model.weights, atol=1e-3)
    assert np.allclose(holder.scores, plain.scores(model, [bits]), atol=2e-3)


def test_early_stopping_keeps_the_trees_up_to_the_best() -> None:
    bits, _ = data()
    noise = np.random.default_rng(2).integers(0, 2, ROWS).astype(np.float32)
    settings = msgspec.structs.replace(BASE, trees=30, patience=2, rate=1.0)
    model = plain.fit([bits], SIZES, noise, settings, validation=500)
    shapes = Shapes(ROWS - 500, 500, SIZES)
    holder = Holder(settings, make_scaling(shapes.rows, 1.0), shapes, noise, 0.0)
    for tree in range(settings.trees):
        holder.begin(tree)
        for _ in range(settings.depth):
            splits = holder.choose(holder.masked() @ bits)
            holder.send_on({s.node: bits[holder.rows_in(s.node), s.candidate] > 0 for s in splits})
        if holder.end():
            break
    assert 1 <= len(model.weights) < 10
    assert len(model.weights) == len(holder.weights)


def test_samples_of_rows_and_columns_follow_the_seed() -> None:
    settings = msgspec.structs.replace(BASE, subsample=0.4, columns=0.34)
    used = rows_used(settings, 0, 100, 20)
    assert used[:100].sum() == 40
    assert used[100:].sum() == 0
    assert (used == rows_used(settings, 0, 100, 20)).all()
    assert (used != rows_used(settings, 1, 100, 20)).any()
    allowed = [candidates_allowed(settings, tree, SIZES) for tree in range(20)]
    assert {int(each.sum()) for each in allowed} == {4, 5}
    assert {tuple(each) for each in allowed} == {
        (1,) * 5 + (0,) * 9,
        (0,) * 5 + (1,) * 5 + (0,) * 4,
        (0,) * 10 + (1,) * 4,
    }


@pytest.mark.parametrize("rows", [20, 4096, 45_000, 1_000_000, 50_000_000])
@pytest.mark.parametrize("positive", [1.0, 2.5])
def test_sums_stay_in_range_for_any_number_of_rows(rows: int, positive: float) -> None:
    scaling = make_scaling(rows, positive)
    largest = rows * positive * 2.0**scaling.bits
    assert largest <= 2.0**SUM_BITS
    assert largest / 2.0 ** (scaling.e1 + scaling.e2) <= 2.0**12
    assert scaling.bits >= 3


def test_more_rows_than_the_arithmetic_carries_are_refused() -> None:
    with pytest.raises(OutOfRange):
        make_scaling(200_000_000, 1.0)
    with pytest.raises(OutOfRange):
        make_scaling(2_000_000, 100.0)


@pytest.mark.parametrize("validation", [0, 500])
def test_run_that_goes_on_after_two_trees_is_the_same_to_the_bit(validation: int) -> None:
    bits, target = data()
    labels = (target > 0.5).astype(np.float32)
    settings = msgspec.structs.replace(BASE, subsample=0.7, columns=0.7, patience=3)
    scaling, shapes = (
        make_scaling(ROWS - validation, 1.0),
        Shapes(ROWS - validation, validation, SIZES),
    )
    kept: dict[int, dict[str, Any]] = {}

    def begun() -> PlainBoard:
        board = PlainBoard()
        board.public("candidates", bits.astype(np.int64))
        board.public("labels", labels)
        board.public("scores", np.full(ROWS, 0.2, np.float32))
        start_judging(board)
        return board

    def run(board: PlainBoard, done: int = 0) -> dict[str, Any]:
        def after(trees: int) -> None:
            kept[trees] = dict(board.values)

        stop = lambda name: bool(board.values[name])  # noqa: E731
        Run(board, settings, scaling, shapes, stop, quiet).grow(done, after)
        return board.values

    whole = run(begun())
    resumed = begun()
    names = ["scores", "gains", "selectors0", "selectors1", "weights0", "weights1"]
    for name in [*names, *(["best", "since"] if validation else [])]:
        resumed.public(name, kept[2][name])
    again = run(resumed, 2)
    for name in ("selectors", "weights", "gains", "scores"):
        assert np.array_equal(whole[name], again[name])


def test_holder_that_goes_on_after_a_tree_is_the_same_to_the_bit() -> None:
    bits, target = data()
    labels = (target > 0.5).astype(np.float32)
    shapes = Shapes(ROWS - 300, 300, SIZES)
    settings = msgspec.structs.replace(BASE, patience=2, subsample=0.6)
    scaling = make_scaling(shapes.rows, 1.0)

    def grow(holder: Holder, tree: int) -> None:
        holder.begin(tree)
        for _ in range(settings.depth):
            splits = holder.choose(holder.masked() @ bits)
            holder.send_on({s.node: bits[holder.rows_in(s.node), s.candidate] > 0 for s in splits})
        holder.end()

    straight = Holder(settings, scaling, shapes, labels, 0.2)
    grow(straight, 0)
    held, state = msgspec.msgpack.decode(msgspec.msgpack.encode(straight.state()))
    grow(straight, 1)
    resumed = Holder(settings, scaling, shapes, labels, 0.2)
    resumed.restore(held, state)
    grow(resumed, 1)
    assert np.array_equal(straight.scores, resumed.scores)
    assert np.array_equal(np.stack(straight.weights), np.stack(resumed.weights))
    assert straight.state() == resumed.state()
