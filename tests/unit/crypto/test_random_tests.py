"""A sound source passes, broken ones do not."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable

import pytest

from hanse.crypto import random_tests
from hanse.crypto.errors import BadInputSize, RandomnessFailed
from hanse.crypto.special_functions import upper_gamma


def test_the_operating_systems_source_passes() -> None:
    random_tests.self_test()


def _biased(size: int) -> bytes:
    generator = random.Random(7)
    return bytes(generator.getrandbits(8) | (generator.random() < 0.1) for _ in range(size))


def _repeating(size: int) -> bytes:
    block = secrets.token_bytes(1_000)
    return (block * (size // 1_000 + 1))[:size]


@pytest.mark.parametrize(
    "source",
    [
        bytes,
        lambda size: b"\xff" * size,
        lambda size: b"\x55" * size,
        lambda size: bytes(i % 251 for i in range(size)),
        _biased,
        _repeating,
    ],
    ids=["zeros", "ones", "alternating", "counter", "biased", "repeating"],
)
def test_broken_sources_are_caught(source: Callable[[int], bytes]) -> None:
    with pytest.raises(RandomnessFailed):
        random_tests.self_test(source)


def test_assessment_counts_passes_per_test() -> None:
    samples = [*random_tests.system_samples(2), bytes(125_000)]
    outcome = random_tests.assess(samples)
    assert outcome.samples == 3
    assert outcome.required == 3
    assert "monobit" in outcome.failed
    assert outcome.passed["monobit"] <= 2
    assert set(outcome.passed) == set(random_tests.TESTS)


def test_required_passes_are_the_standards() -> None:
    assert random_tests._required(1_000) == 981


def test_short_samples_and_no_samples_are_refused() -> None:
    with pytest.raises(BadInputSize):
        random_tests.p_values(bytes(1_000))
    with pytest.raises(BadInputSize):
        random_tests.assess([])


@pytest.mark.parametrize(
    ("a", "x", "expected"),
    [
        (1, 0, 1.0),
        (1, 1, 0.36787944117),
        (0.5, 0.5, 0.31731050786),
        (10, 3, 0.99889751),
        (3, 10, 0.00276939572),
    ],
)
def test_upper_gamma(a: float, x: float, expected: float) -> None:
    assert upper_gamma(a, x) == pytest.approx(expected, rel=1e-7)
