"""The fifteen statistics of GB/T 32915-2016 over a sequence of bits.

Each function takes a one-dimensional ``uint8`` array of zeros and ones and returns P-values:
the probability that a perfect source does at least as badly. The distribution of runs and the
spectrum are in the corrected form of GM/T 0005-2021. Where NIST SP 800-22 has the same test,
the published examples of both check it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hanse.crypto.special_functions import upper_gamma

Bits = NDArray[np.uint8]

# Longest run of ones: block length → (shortest class, probabilities of the classes).
_LONGEST_RUN = {
    8: (1, (0.2148, 0.3672, 0.2305, 0.1875)),
    128: (4, (0.1174, 0.2430, 0.2493, 0.1752, 0.1027, 0.1124)),
    10_000: (10, (0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727)),
}
_LINEAR_CLASSES = (0.010417, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833)
_MATRIX_SIZE = 32
# Maurer's universal test with L = 7 and Q = 1280: expectation and variance per block.
_UNIVERSAL_LENGTH, _UNIVERSAL_SKIP = 7, 1_280
_UNIVERSAL_MEAN, _UNIVERSAL_VARIANCE = 6.1962507, 3.125


def monobit(bits: Bits) -> list[float]:
    """As many ones as zeros (5.1)."""
    return [_two_sided((2 * int(bits.sum()) - bits.size) / math.sqrt(bits.size))]


def block_frequency(bits: Bits, block: int) -> list[float]:
    """As many ones as zeros in every block (5.2)."""
    count = bits.size // block
    shares = bits[: count * block].reshape(count, block).mean(axis=1)
    return [upper_gamma(count / 2, float(4 * block * ((shares - 0.5) ** 2).sum()) / 2)]


def poker(bits: Bits, length: int) -> list[float]:
    """Every non-overlapping pattern equally often (5.3)."""
    count = bits.size // length
    patterns = _integers(bits[: count * length].reshape(count, length))
    seen = np.bincount(patterns, minlength=2**length).astype(np.float64)
    value = 2**length / count * float((seen**2).sum()) - count
    return [upper_gamma((2**length - 1) / 2, value / 2)]


def overlapping(bits: Bits, length: int) -> list[float]:
    """Every overlapping pattern equally often: two P-values (5.4)."""
    first, second, third = (_psi(bits, length - i) for i in range(3))
    return [
        upper_gamma(2 ** (length - 2), (first - second) / 2),
        upper_gamma(2 ** (length - 3), (first - 2 * second + third) / 2),
    ]


def runs(bits: Bits) -> list[float]:
    """The number of runs (5.5)."""
    share = float(bits.mean())
    spread = share * (1 - share)
    if spread == 0:
        return [0.0]
    total = 1 + int(np.count_nonzero(bits[1:] != bits[:-1]))
    distance = abs(total - 2 * bits.size * spread)
    return [math.erfc(distance / (2 * math.sqrt(2 * bits.size) * spread))]


def runs_distribution(bits: Bits) -> list[float]:
    """Runs of ones and of zeros of each length (5.6)."""
    edges = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    starts = np.concatenate(([0], edges))
    lengths = np.diff(np.concatenate((starts, [bits.size])))
    longest = 1
    while (bits.size - longest + 2) / 2 ** (longest + 3) >= 5:
        longest += 1
    # Expected from the number of runs there are; the last class holds all longer runs too.
    expected = lengths.size / 2.0 ** np.array([*range(2, longest + 1), longest])
    value = 0.0
    for kind in (0, 1):
        of_kind = np.minimum(lengths[bits[starts] == kind], longest)
        seen = np.bincount(of_kind, minlength=longest + 1)[1:]
        value += float(((seen - expected) ** 2 / expected).sum())
    return [upper_gamma(longest - 1, value / 2)]


def longest_run(bits: Bits, block: int) -> list[float]:
    """The longest run of ones in blocks of 8, 128 or 10,000 bits (5.7)."""
    shortest, probabilities = _LONGEST_RUN[block]
    count = bits.size // block
    blocks = bits[: count * block].reshape(count, block)
    present = np.zeros(count, dtype=np.int64)
    longest = np.zeros(count, dtype=np.int64)
    for column in blocks.T:
        present = (present + 1) * column
        longest = np.maximum(longest, present)
    classes = np.clip(longest - shortest, 0, len(probabilities) - 1)
    return [_fit(classes, probabilities, count)]


def binary_derivative(bits: Bits, order: int) -> list[float]:
    """The sequence of changes, of changes of changes, … is balanced (5.8)."""
    for _ in range(order):
        bits = bits[1:] ^ bits[:-1]
    return monobit(bits)


def autocorrelation(bits: Bits, shift: int) -> list[float]:
    """The sequence resembles itself shifted no more than chance would have it (5.9)."""
    return monobit(bits[shift:] ^ bits[:-shift])


def matrix_rank(bits: Bits) -> list[float]:
    """Ranks of 32 by 32 matrices over GF(2) (5.10)."""
    size = _MATRIX_SIZE
    count = bits.size // size**2
    rows = _integers(bits[: count * size**2].reshape(count, size, size))
    ranks = _ranks(rows)
    classes = np.clip(size - ranks, 0, 2)
    return [_fit(classes, (0.2888, 0.5776, 0.1336), count)]


def cumulative_sums(bits: Bits) -> list[float]:
    """How far the random walk strays: forwards and backwards (5.11)."""
    steps = 2 * bits.astype(np.int64) - 1
    return [_stray(steps), _stray(steps[::-1])]


def approximate_entropy(bits: Bits, length: int) -> list[float]:
    """Frequencies of patterns of two neighbouring lengths (5.12)."""
    entropy = _phi(bits, length) - _phi(bits, length + 1)
    value = 2 * bits.size * (math.log(2) - entropy)
    return [upper_gamma(2 ** (length - 1), value / 2)]


def linear_complexity(bits: Bits, block: int) -> list[float]:
    """The shortest feedback register for each block (5.13)."""
    count = bits.size // block
    sign = -1 if block % 2 else 1
    mean = block / 2 + (9 - sign) / 36 - (block / 3 + 2 / 9) / 2.0**block
    measured = np.array(
        [_register_length(each) for each in bits[: count * block].reshape(count, block)]
    )
    deviation = sign * (measured - mean) + 2 / 9
    classes = np.clip(np.ceil(deviation + 2.5).astype(np.int64), 0, 6)
    return [_fit(classes, _LINEAR_CLASSES, count)]


def universal(bits: Bits) -> list[float]:
    """Maurer's test: the distance to a pattern's last occurrence (5.14)."""
    length, skip = _UNIVERSAL_LENGTH, _UNIVERSAL_SKIP
    total = bits.size // length
    patterns = _integers(bits[: total * length].reshape(total, length))
    order = np.argsort(patterns, kind="stable")
    distance = np.empty(total, dtype=np.int64)
    same = np.concatenate(([False], patterns[order][1:] == patterns[order][:-1]))
    before = np.concatenate(([0], order[:-1]))
    distance[order] = np.where(same, order - before, order + 1)
    count = total - skip
    measured = float(np.log2(distance[skip:]).sum()) / count
    factor = 0.7 - 0.8 / length + (4 + 32 / length) * float(count) ** (-3 / length) / 15
    deviation = factor * math.sqrt(_UNIVERSAL_VARIANCE / count)
    return [_two_sided((measured - _UNIVERSAL_MEAN) / deviation)]


def spectrum(bits: Bits) -> list[float]:
    """Peaks of the discrete Fourier transform (5.15)."""
    size = bits.size
    heights = np.abs(np.fft.rfft(2.0 * bits - 1))[: size // 2]
    low = int(np.count_nonzero(heights < math.sqrt(2.995732274 * size)))
    return [_two_sided((low - 0.95 * size / 2) / math.sqrt(0.95 * 0.05 * size / 3.8))]


def _two_sided(value: float) -> float:
    return math.erfc(abs(value) / math.sqrt(2))


def _fit(classes: NDArray[np.int64], probabilities: tuple[float, ...], count: int) -> float:
    seen = np.bincount(classes, minlength=len(probabilities))
    expected = count * np.array(probabilities)
    value = float(((seen - expected) ** 2 / expected).sum())
    return upper_gamma((len(probabilities) - 1) / 2, value / 2)


def _integers(patterns: NDArray[np.uint8]) -> NDArray[np.int64]:
    length = patterns.shape[-1]
    weights = 2 ** np.arange(length - 1, -1, -1, dtype=np.int64)
    result: NDArray[np.int64] = patterns.astype(np.int64) @ weights
    return result


def _counts(bits: Bits, length: int) -> NDArray[np.float64]:
    padded = np.concatenate((bits, bits[: length - 1])).astype(np.int64)
    values = np.zeros(bits.size, dtype=np.int64)
    for offset in range(length):
        values = 2 * values + padded[offset : offset + bits.size]
    return np.bincount(values, minlength=2**length).astype(np.float64)


def _psi(bits: Bits, length: int) -> float:
    if length <= 0:
        return 0.0
    seen = _counts(bits, length)
    return float((seen**2).sum()) * float(1 << length) / bits.size - bits.size


def _phi(bits: Bits, length: int) -> float:
    shares = _counts(bits, length) / bits.size
    present = shares[shares > 0]
    return float((present * np.log(present)).sum())


def _stray(steps: NDArray[np.int64]) -> float:
    size = steps.size
    reach = int(np.abs(np.cumsum(steps)).max())
    root = math.sqrt(size)

    def normal(value: float) -> float:
        return 0.5 * math.erfc(-value / math.sqrt(2))

    def terms(low: int, shifts: tuple[int, int]) -> float:
        high = int((size / reach - 1) / 4)
        return sum(
            normal((4 * k + shifts[0]) * reach / root) - normal((4 * k + shifts[1]) * reach / root)
            for k in range(low, high + 1)
        )

    first = terms(int((-size / reach + 1) / 4), (1, -1))
    second = terms(int((-size / reach - 3) / 4), (3, 1))
    return 1 - first + second


def _ranks(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    # Gauss elimination of all matrices at once; rows are integers.
    count = rows.shape[0]
    rows = rows.copy()
    free = np.ones(rows.shape, dtype=bool)
    ranks = np.zeros(count, dtype=np.int64)
    every = np.arange(count)
    for bit in range(_MATRIX_SIZE):
        has = ((rows >> bit) & 1).astype(bool)
        candidates = has & free
        found = candidates.any(axis=1)
        pivot = candidates.argmax(axis=1)
        pivot_rows = np.where(found, rows[every, pivot], 0)
        has[every, pivot] &= ~found
        rows ^= np.where(has, pivot_rows[:, None], 0)
        free[every, pivot] &= ~found
        ranks += found
    return ranks


def _register_length(block: Bits) -> int:
    # Berlekamp–Massey over GF(2) with polynomials as integers; ``window`` holds the sequence
    # read backwards from the present bit, so a discrepancy is the parity of an AND.
    connection, former, window = 1, 1, 0
    length, gap = 0, 1
    for position, bit in enumerate(block.tolist()):
        window = (window << 1) | bit
        if (connection & window).bit_count() % 2 == 0:
            gap += 1
            continue
        previous = connection
        connection ^= former << gap
        if 2 * length <= position:
            length, former, gap = position + 1 - length, previous, 1
        else:
            gap += 1
    return length
