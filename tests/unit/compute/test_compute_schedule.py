"""Batches, orders and ranges of training; permutations that never change."""

from __future__ import annotations

import numpy as np
import pytest

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.permutation import permutation, split_rows
from hanse.compute.operators.schedule import check_range, make_schedule


@pytest.mark.parametrize(("rows", "size"), [(700, 256), (5, 256), (1024, 256), (1025, 256)])
def test_batches_are_equal_and_cover_all_rows(rows: int, size: int) -> None:
    schedule = make_schedule(rows, size, 3, 0.1)
    order = schedule.order(b"seed")
    assert schedule.batch <= size
    assert len(order) == schedule.steps * schedule.batch
    assert len(order) - rows < schedule.steps
    assert set(order.tolist()) == set(range(rows))
    assert schedule.rates == pytest.approx([0.1, 0.1 * 0.1**0.5, 0.01])


def test_permutation_is_fixed_for_all_releases() -> None:
    assert permutation(8, b"\x00").tolist() == [6, 2, 3, 4, 5, 7, 0, 1]


def test_split_is_a_partition_and_depends_on_the_seed() -> None:
    train, test = split_rows(1000, 0.3, 7)
    assert (len(train), len(test)) == (700, 300)
    assert sorted([*train, *test]) == list(range(1000))
    assert bool(np.all(np.diff(train) > 0))
    assert test.tolist() != split_rows(1000, 0.3, 8)[1].tolist()
    assert test.tolist() == split_rows(1000, 0.3, 7)[1].tolist()
    assert [len(part) for part in split_rows(2, 0.01, 1)] == [1, 1]


def test_parameters_that_could_overflow_are_refused() -> None:
    check_range(make_schedule(30_000, 1024, 20, 0.1), 60, 0.9)
    with pytest.raises(OutOfRange, match="range of the arithmetic"):
        check_range(make_schedule(30_000, 1000, 200, 1.0), 60, 0.95)
