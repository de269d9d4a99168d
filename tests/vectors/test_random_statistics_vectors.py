"""Published examples of the statistical tests of randomness.

Provenance: GM/T 0005-2021 annex (128-bit and 100-bit sequences) and NIST SP 800-22 rev. 1a,
appendix B (the first 10^6 binary digits of e); the latter's linear complexity value is that of
GM/T 0005, whose class probabilities differ in the sixth digit.

"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hanse.crypto import random_statistics as statistics

SEQUENCE_128 = (
    "11001100000101010110110001001100111000000000001001001101010100010001001111010110"
    "100000001101011111001100111001101101100010110010"
)
SEQUENCE_100 = (
    "1100100100001111110110101010001000100001011010001100001000110100110001001100011001"
    "100010100010111000"
)


def _bits(text: str) -> statistics.Bits:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8) - np.uint8(ord("0"))


@pytest.mark.parametrize(
    ("sequence", "name", "parameters", "expected"),
    [
        (SEQUENCE_128, "monobit", {}, [0.215925]),
        (SEQUENCE_128, "poker", {"length": 4}, [0.213734]),
        (SEQUENCE_128, "overlapping", {"length": 2}, [0.436868, 0.723674]),
        (SEQUENCE_128, "runs", {}, [0.620729]),
        (SEQUENCE_128, "runs_distribution", {}, [0.970152]),
        (SEQUENCE_128, "longest_run", {"block": 8}, [0.180598]),
        (SEQUENCE_128, "binary_derivative", {"order": 3}, [0.039669]),
        (SEQUENCE_128, "autocorrelation", {"shift": 1}, [0.790080]),
        (SEQUENCE_100, "block_frequency", {"block": 10}, [0.706438]),
        (SEQUENCE_100, "cumulative_sums", {}, [0.219194, 0.114866]),
        (SEQUENCE_100, "approximate_entropy", {"length": 2}, [0.235301]),
        (SEQUENCE_100, "spectrum", {}, [0.654721]),
    ],
)
def test_short_examples(
    sequence: str, name: str, parameters: dict[str, int], expected: list[float]
) -> None:
    found = getattr(statistics, name)(_bits(sequence), **parameters)
    assert found == pytest.approx(expected, abs=1.1e-6)


@pytest.fixture(scope="module")
def digits_of_e() -> statistics.Bits:
    def split(low: int, high: int) -> tuple[int, int]:
        # Sum of 1/k! over low < k <= high, times low!, as a fraction (binary splitting).
        if high - low == 1:
            return 1, high
        middle = (low + high) // 2
        p, q = split(low, middle)
        r, s = split(middle, high)
        return p * s + r, q * s

    size = 1_000_000
    p, q = split(0, 74_000)
    return _bits(bin(((p + q) << size) // q)[2:][:size])


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("monobit", {}, [0.953749]),
        ("block_frequency", {"block": 128}, [0.211072]),
        ("overlapping", {"length": 16}, [0.766182, 0.462921]),
        ("runs", {}, [0.561917]),
        ("longest_run", {"block": 10_000}, [0.718945]),
        ("matrix_rank", {}, [0.307543]),
        ("cumulative_sums", {}, [0.669886, 0.724265]),
        ("approximate_entropy", {"length": 10}, [0.700073]),
        ("linear_complexity", {"block": 1_000}, [0.844721]),
        ("universal", {}, [0.282568]),
    ],
)
def test_digits_of_e(
    digits_of_e: statistics.Bits, name: str, parameters: dict[str, Any], expected: list[float]
) -> None:
    found = getattr(statistics, name)(digits_of_e, **parameters)
    assert found == pytest.approx(expected, abs=1.1e-6)
