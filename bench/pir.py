"""Private retrieval: set-up and queries, beside one plain pass over memory, in the same run.

Usage: ``python bench/pir.py [--rows 1000000] [--bytes 32] [--rounds 20] [--keys 5000]``

The oblivious function takes the same time for every row, so it is timed on ``--keys`` of them and
reckoned up; the byte matrix, the hint and the queries are made in full. *Pass* multiplies a matrix
of uint32 of as many bytes by a vector, with the same code and cores: the memory a query has to
read, without widening bytes to words. Times are medians; processor time counts all cores and says
what an idle machine would need.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from hanse.compute.operators.retrieval import database, lwe, prf
from hanse.compute.operators.retrieval.kernels import times
from hanse.crypto.curve25519 import Secret


def timed(call: Callable[[], Any], rounds: int) -> tuple[Any, float, float]:
    """The last result, and medians of wall and processor seconds."""
    walls, processors = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        result = call()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return result, statistics.median(walls), statistics.median(processors)


def show(name: str, wall: float, processor: float) -> None:
    """One line of milliseconds."""
    print(f"{name:34} {wall * 1e3:10.2f} ms, processor {processor * 1e3:10.2f} ms", flush=True)


def main() -> None:
    """Measure each part and print sizes and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keys", type=int, default=5_000)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    print(f"{options.rows} rows of {options.bytes} bytes, {len(os.sched_getaffinity(0))} cores")
    keys = [f"{number:018d}".encode() for number in range(options.keys)]
    size = database.output_bytes(options.bytes)
    secret, numbers = Secret(), [0] * len(keys)
    _, wall, used = timed(lambda: prf.outputs_of_all(secret, keys, numbers, size), 1)
    scale = options.rows / len(keys)
    show("set-up: function, reckoned up", wall * scale, used * scale)
    outputs = rng.integers(0, 256, (options.rows, size), dtype=np.uint8)
    records = rng.integers(0, 256, (options.rows, options.bytes), dtype=np.uint8)
    (shape, matrix), wall, used = timed(lambda: database.build(outputs, records), 1)
    show("set-up: matrix", wall, used)
    seed = bytes(32)
    hint, wall, used = timed(lambda: lwe.hint_of(matrix, seed), 1)
    show("set-up: hint", wall, used)
    queries(options.rounds, matrix, seed, hint)
    print(
        f"matrix {matrix.nbytes:,} bytes ({shape.height} x {shape.columns}), hint {hint.nbytes:,}; "
        f"a query {4 * shape.columns:,} bytes up, {4 * shape.height:,} down"
    )
    blinded, wall, used = timed(lambda: prf.blind(b"110101199001011234"), options.rounds)
    show("query: blind a key", wall, used)
    _, wall, used = timed(lambda: prf.evaluate(secret, blinded.sent), options.rounds)
    show("query: evaluate at the holder", wall, used)


def queries(rounds: int, matrix: lwe.Bytes, seed: bytes, hint: lwe.Words) -> None:
    """A query by part, and the pass over memory."""
    public = lwe.expand(seed, matrix.shape[1])
    lwe.prepare(public, hint, 1)  # compiles
    (prepared, *_), wall, used = timed(lambda: lwe.prepare(public, hint, 1), rounds)
    show("before a query: its secret", wall, used)
    query, wall, used = timed(lambda: lwe.query(prepared, 7), rounds)
    show("query: encrypt", wall, used)
    lwe.answer(matrix, query[None, :])
    answers, wall, used = timed(lambda: lwe.answer(matrix, query[None, :]), rounds)
    show("query: answer at the holder", wall, used)
    column, decode_wall, decode_used = timed(lambda: lwe.decode(prepared, answers[0]), rounds)
    show("query: decode", decode_wall, decode_used)
    if not np.array_equal(column, matrix[:, 7]):
        raise SystemExit("a column came out wrong")
    words = np.frombuffer(matrix.tobytes(), np.uint32).reshape(len(matrix), -1)
    vector = np.ascontiguousarray(query[None, : words.shape[1]])
    _, pass_wall, pass_used = timed(lambda: times(words, vector), rounds)
    show("pass over as many bytes", pass_wall, pass_used)
    batch = np.repeat(query[None, :], 8, axis=0)
    _, eight_wall, eight_used = timed(lambda: lwe.answer(matrix, batch), max(1, rounds // 4))
    show("answer to a batch of 8, each", eight_wall / 8, eight_used / 8)
    print(f"answer to pass: {wall / pass_wall:.2f}, by processor time {used / pass_used:.2f}")


if __name__ == "__main__":
    main()
