"""Private retrieval by parts: curve, oblivious function, SimplePIR, records, the byte matrix."""

from __future__ import annotations

import datetime
import secrets

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.compute.operators.retrieval import database, kernels, lwe, prf, records, service
from hanse.compute.operators.retrieval.errors import BadAnswer, RecordTooWide, TooManyMatches
from hanse.compute.operators.retrieval.kernels import Bytes, Words
from hanse.crypto import curve25519
from hanse.crypto.curve25519 import CURVE_ORDER, FIELD, TWIST_ORDER, Secret
from hanse.crypto.errors import BadPoint
from hanse.data.batches import ArrowTable

BASE = (9).to_bytes(32, "little")


# -- curve ---------------------------------------------------------------------------------------


def test_secret_is_x25519_of_rfc_7748() -> None:
    """RFC 7748, section 5.2, the first vector."""
    scalar = "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"
    point = "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"
    product = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    assert Secret(bytes.fromhex(scalar)).multiply(bytes.fromhex(point)).hex() == product


def test_orders_are_those_of_curve_and_twist() -> None:
    assert 8 * CURVE_ORDER + 4 * TWIST_ORDER == 2 * FIELD + 2
    for order in (CURVE_ORDER, TWIST_ORDER):
        assert pow(2, order - 1, order) == 1  # Fermat: they are the prime parts
    assert curve25519.is_on_curve(BASE)
    assert not curve25519.is_on_curve((2).to_bytes(32, "little"))


@pytest.mark.parametrize("point", [BASE, (2).to_bytes(32, "little")])
def test_any_factor_is_multiplied_and_divided(point: bytes) -> None:
    order = curve25519.order_of(point)
    large = Secret().multiply(point)  # without a small part
    for _ in range(5):
        factor = curve25519.random_factor(order)
        there = curve25519.multiply(large, factor, order)
        assert there != large
        assert curve25519.order_of(there) == order
        assert curve25519.multiply(there, pow(factor, -1, order), order) == large
        assert curve25519.multiply(large, order - factor, order) == there  # up to the sign
    assert curve25519.multiply(large, 1, order) == large


def test_points_of_small_order_are_refused() -> None:
    for point in (bytes(32), (1).to_bytes(32, "little")):
        with pytest.raises(BadPoint):
            Secret().multiply(point)


# -- oblivious function --------------------------------------------------------------------------


@pytest.mark.parametrize("key", [b"", b"110101199001011234", "张三丰".encode(), b"x" * 500])
def test_blind_evaluation_gives_the_function(key: bytes) -> None:
    secret = Secret()
    held = prf.blind(key)
    point = prf.unblind(held, prf.evaluate(secret, held.sent))
    assert point == secret.multiply(prf.point_of(key))
    direct = prf.outputs_of_all(secret, [key, key], [0, 1], 40)
    assert direct[0].tobytes() == prf.output_of(key, point, 0, 40)
    assert direct[1].tobytes() == prf.output_of(key, point, 1, 40) != direct[0].tobytes()


def test_function_does_not_change() -> None:
    """Parts that were stored must stay readable."""
    secret = Secret(bytes(range(32)))
    found = prf.outputs_of_all(secret, [b"110101199001011234"], [0], 16)[0].tobytes().hex()
    assert found == "0ca352aaab48cb3f7ef40d5f5a1cd272"


def test_what_is_sent_shows_no_side_of_the_curve_and_is_fresh() -> None:
    keys = [f"key {i}".encode() for i in range(12)]
    assert {curve25519.is_on_curve(prf.point_of(key)) for key in keys} == {True, False}
    for key in keys:
        first, again = prf.blind(key).sent, prf.blind(key).sent
        assert curve25519.is_on_curve(first[:32])
        assert not curve25519.is_on_curve(first[32:])
        assert first[:32] != again[:32]
        assert first[32:] != again[32:]


def test_evaluation_refuses_what_is_no_pair_of_points() -> None:
    with pytest.raises(BadPoint):
        prf.evaluate(Secret(), bytes(63))
    with pytest.raises(BadPoint):
        prf.evaluate(Secret(), bytes(64))


# -- products ------------------------------------------------------------------------------------


@given(st.integers(1, 70), st.integers(1, 90), st.integers(1, 5), st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_products_are_exact_modulo_2_32(rows: int, columns: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**32, (count, columns), dtype=np.uint32)
    for matrix in (
        rng.integers(0, 256, (rows, columns), dtype=np.uint8),
        rng.integers(0, 2**32, (rows, columns), dtype=np.uint32),
    ):
        plain = (matrix.astype(np.uint64) @ words.T.astype(np.uint64)).astype(np.uint32)
        assert np.array_equal(kernels.times(matrix, words), plain.T)
        if matrix.dtype == np.uint8:
            assert np.array_equal(kernels.bytes_times_matrix(matrix, words.T.copy()), plain)


def test_largest_products_are_exact() -> None:
    matrix = np.full((3, 20_000), 255, np.uint8)
    for word in (2**31, 2**31 - 1, 2**32 - 1):
        words = np.full((20_000, 2), word, np.uint32)
        wanted = 255 * word * 20_000 % 2**32
        assert np.all(kernels.bytes_times_matrix(matrix, words) == wanted)
        assert np.all(kernels.times(matrix, words.T.copy()) == wanted)


# -- SimplePIR -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pir() -> tuple[Bytes, bytes, Words]:
    data = np.frombuffer(secrets.token_bytes(300 * 256), np.uint8).reshape(300, 256)
    seed = secrets.token_bytes(32)
    return data, seed, lwe.hint_of(data, seed)


def test_every_column_is_read(pir: tuple[Bytes, bytes, Words]) -> None:
    data, seed, hint = pir
    prepared = lwe.prepare(lwe.expand(seed, 256), hint, 256)
    queries = np.stack([lwe.query(one, column) for column, one in enumerate(prepared)])
    answers = lwe.answer(data, queries)
    for column, one in enumerate(prepared):
        assert np.array_equal(lwe.decode(one, answers[column]), data[:, column])


def test_errors_are_the_declared_gaussian() -> None:
    drawn = lwe.errors((200_000,)).astype(np.float64)
    assert abs(drawn.mean()) < 5 * lwe.DEVIATION / np.sqrt(200_000)
    assert abs(drawn.std() / lwe.DEVIATION - 1) < 0.01
    assert np.abs(drawn).max() < 8 * lwe.DEVIATION
    assert 0.05 < (drawn == 0).mean() < 0.075  # 1 / (6.4 sqrt(2 pi)) = 0.0623


def test_margin_of_the_error_is_as_wide_as_stated(
    pir: tuple[Bytes, bytes, Words],
) -> None:
    """The error of an answer stays far below 2^23; its deviation is that of the formula."""
    data, seed, hint = pir
    prepared = lwe.prepare(lwe.expand(seed, 256), hint, 40)
    noise = []
    for one in prepared:
        answers = lwe.answer(data, lwe.query(one, 3)[None, :])[0] - one.hinted
        noise.append((answers - (data[:, 3].astype(np.uint32) << np.uint32(24))).view(np.int32))
    spread = np.std(np.array(noise, np.float64))
    wanted = lwe.DEVIATION * np.sqrt(np.mean((data.astype(np.float64) ** 2).sum(axis=1)))
    assert abs(spread / wanted - 1) < 0.25
    assert np.abs(noise).max() < 2**23 / 40


def test_query_says_nothing_without_the_secret(pir: tuple[Bytes, bytes, Words]) -> None:
    _, seed, hint = pir
    prepared = lwe.prepare(lwe.expand(seed, 256), hint, 2)
    first, second = lwe.query(prepared[0], 7), lwe.query(prepared[1], 7)
    assert np.mean(first == second) < 0.05
    high = np.concatenate([first, second]) >> np.uint32(24)
    assert len(np.unique(high)) > 180  # of 256 values in 512 draws; about 221 are expected


def test_wrong_sizes_are_refused(pir: tuple[Bytes, bytes, Words]) -> None:
    data, seed, hint = pir
    (prepared,) = lwe.prepare(lwe.expand(seed, 256), hint, 1)
    with pytest.raises(BadAnswer):
        lwe.answer(data, np.zeros((1, 255), np.uint32))
    with pytest.raises(BadAnswer):
        lwe.decode(prepared, np.zeros(299, np.uint32))


# -- records and the byte matrix -----------------------------------------------------------------


def test_rows_come_back_with_their_types_and_gaps() -> None:
    table = pa.table(
        {
            "n": pa.array([1, None, -(2**63)], pa.int64()),
            "f": pa.array([0.1, 1e300, None], pa.float64()),
            "文本": ["级别甲", None, ""],
            "b": [True, None, False],
            "d": pa.array([datetime.date(2026, 2, 28), None, datetime.date(1969, 1, 1)]),
            "t": pa.array(
                [None, datetime.datetime(2026, 1, 1, 1, 2, 3, 4, datetime.UTC), None],
                pa.timestamp("us", "UTC"),
            ),
        }
    )
    held = ArrowTable(table)
    encoded = records.padded(records.encode_rows(held, held.columns))
    assert len(encoded) == 3
    back = [records.decode_record(row.tobytes(), held.columns) for row in encoded]
    assert records.table_of(back, held.columns).equals(table)
    assert records.table_of([], held.columns).num_rows == 0


def test_records_that_are_too_wide_or_broken_are_refused() -> None:
    held = ArrowTable(pa.table({"x": ["a" * 5000]}))
    with pytest.raises(RecordTooWide):
        records.encode_rows(held, held.columns)
    for broken in (b"", b"\0\0", b"\0\5\xc1....", b"\0\1\x90", b"\xff\xff\x91\1"):
        with pytest.raises(BadAnswer):
            records.decode_record(broken, held.columns)
    with pytest.raises(BadAnswer):
        records.table_of([[3]], held.columns)


@pytest.mark.parametrize("rows", [0, 1, 700])
def test_matrix_gives_each_key_its_record_and_no_other(rows: int) -> None:
    rng = np.random.default_rng(rows)
    content = rng.integers(0, 256, (rows, 21), dtype=np.uint8)
    outputs = rng.integers(0, 256, (rows, database.output_bytes(21)), dtype=np.uint8)
    shape, matrix = database.build(outputs, content)
    assert matrix.shape == (shape.height, shape.columns)
    for row in range(rows):
        output = outputs[row].tobytes()
        column = matrix[:, database.column_of(output, shape.columns)]
        assert database.find(column, output, shape) == content[row].tobytes()
        other = bytes(len(output) - 1) + b"\1"
        assert database.find(column, other, shape) is None
    if rows > 1:
        assert content.tobytes()[:42] not in matrix.tobytes()


def test_a_key_may_stand_as_often_as_agreed() -> None:
    terms = service.Terms(
        id="", key_type="text", case="exact", key_columns=1, matches=2, columns=[]
    )
    twice = ArrowTable(pa.table({"k": ["a", "b", "a", None]}))
    entries = service.enter(twice, ["k"], terms, {"k"})
    assert entries.keys == [b"a", b"b", b"a"]
    assert entries.numbers == [0, 0, 1]
    thrice = ArrowTable(pa.table({"k": ["a", "a", " a "]}))
    with pytest.raises(TooManyMatches):
        service.enter(thrice, ["k"], terms, {"k"})
