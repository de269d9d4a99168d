"""Is the operating system's random source sound? GB/T 32915-2016 applied to it.

Every key, nonce and salt here comes from the operating system (``secrets``). These tests find
a source that is broken, stuck or biased; no statistical test can show that one is
unpredictable.

`self_test` is for the start of a node: one sample in half a second, with a bound so low that a
sound source fails about once in forty thousand starts. `assess` is the standard's own criterion
over many samples, for an audit.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import msgspec
import numpy as np

from hanse.crypto import random_statistics as statistics
from hanse.crypto.errors import BadInputSize, RandomnessFailed

SAMPLE_BITS = 1_000_000
SIGNIFICANCE = 0.01
SELF_TEST_BOUND = 1e-6
MIN_SAMPLE_BITS = 100_000

# Parameters the standard recommends for samples of 10^6 bits.
TESTS: dict[str, Callable[[statistics.Bits], list[float]]] = {
    "monobit": statistics.monobit,
    "block frequency, m=10000": partial(statistics.block_frequency, block=10_000),
    "poker, m=4": partial(statistics.poker, length=4),
    "poker, m=8": partial(statistics.poker, length=8),
    "overlapping, m=3": partial(statistics.overlapping, length=3),
    "overlapping, m=5": partial(statistics.overlapping, length=5),
    "runs": statistics.runs,
    "runs distribution": statistics.runs_distribution,
    "longest run, m=10000": partial(statistics.longest_run, block=10_000),
    "binary derivative, k=3": partial(statistics.binary_derivative, order=3),
    "binary derivative, k=7": partial(statistics.binary_derivative, order=7),
    "autocorrelation, d=1": partial(statistics.autocorrelation, shift=1),
    "autocorrelation, d=2": partial(statistics.autocorrelation, shift=2),
    "autocorrelation, d=8": partial(statistics.autocorrelation, shift=8),
    "autocorrelation, d=16": partial(statistics.autocorrelation, shift=16),
    "matrix rank": statistics.matrix_rank,
    "cumulative sums": statistics.cumulative_sums,
    "approximate entropy, m=2": partial(statistics.approximate_entropy, length=2),
    "approximate entropy, m=5": partial(statistics.approximate_entropy, length=5),
    "linear complexity, m=500": partial(statistics.linear_complexity, block=500),
    "universal": statistics.universal,
    "spectrum": statistics.spectrum,
}


class Assessment(msgspec.Struct, frozen=True):
    """Outcome over several samples.

    Attributes:
        samples: how many were tested.
        required: how many of them have to pass each test.
        passed: test → how many passed (of several P-values, the worse count).
        failed: names of tests passed by too few samples.
    """

    samples: int
    required: int
    passed: dict[str, int]
    failed: list[str]


def p_values(data: bytes) -> dict[str, list[float]]:
    """P-values of every test on one sample.

    Args:
        data: at least 12,500 bytes; the parameters suit 125,000.

    Raises:
        BadInputSize: on less.
    """
    if 8 * len(data) < MIN_SAMPLE_BITS:
        raise BadInputSize(f"a sample has at least {MIN_SAMPLE_BITS} bits")
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8))
    return {name: test(bits) for name, test in TESTS.items()}


def self_test(source: Callable[[int], bytes] = secrets.token_bytes) -> None:
    """Test one sample of 10^6 bits; about half a second.

    Raises:
        RandomnessFailed: naming the tests whose P-value is below one in a million.
    """
    values = p_values(source(SAMPLE_BITS // 8))
    failed = [name for name, found in values.items() if not min(found) >= SELF_TEST_BOUND]
    if failed:
        raise RandomnessFailed(f"the random source failed: {', '.join(failed)}")


def assess(samples: Iterable[bytes]) -> Assessment:
    """The standard's criterion: of s samples at least ``s(1 - a - 3 sqrt(a(1 - a) / s))`` pass.

    Args:
        samples: the standard asks for 1,000 of 125,000 bytes each (about five minutes).
    """
    counts: dict[str, list[int]] = {}
    total = 0
    for sample in samples:
        total += 1
        for name, found in p_values(sample).items():
            so_far = counts.setdefault(name, [0] * len(found))
            counts[name] = [n + (p >= SIGNIFICANCE) for n, p in zip(so_far, found, strict=True)]
    if total == 0:
        raise BadInputSize("at least one sample is needed")
    required = _required(total)
    passed = {name: min(each) for name, each in counts.items()}
    failed = [name for name, count in passed.items() if count < required]
    return Assessment(total, required, passed, failed)


def system_samples(count: int) -> Iterator[bytes]:
    """Samples of 10^6 bits from the operating system."""
    for _ in range(count):
        yield secrets.token_bytes(SAMPLE_BITS // 8)


def _required(samples: int) -> int:
    spread = math.sqrt(SIGNIFICANCE * (1 - SIGNIFICANCE) / samples)
    return math.ceil(samples * (1 - SIGNIFICANCE - 3 * spread))
