"""Properties of what owners do before anything is shared."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.compute.operators import get_operator, validate_parameters
from hanse.compute.operators.keys import component, is_normal, key_digests
from hanse.compute.operators.permutation import permutation, split_rows
from hanse.compute.operators.preparation import apply, learn
from hanse.compute.operators.rows import select_rows
from hanse.compute.operators.statistics import ColumnRange, decode, encode, fraction_bits
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.data.batches import ArrowTable

TEXT = st.text(max_size=8)
PARTS = st.lists(TEXT, min_size=2, max_size=2)


@given(PARTS, PARTS)
@settings(deadline=None)
def test_composite_keys_are_equal_only_when_their_parts_are(
    left: list[str], right: list[str]
) -> None:
    def normal(parts: list[str]) -> list[str]:
        import unicodedata

        return [unicodedata.normalize("NFKC", part).strip() for part in parts]

    def digest(parts: list[str]) -> bytes:
        table = ArrowTable(pa.table({"a": [parts[0]], "b": [parts[1]]}))
        found, _, _ = key_digests(
            table, ["a", "b"], key_type="text", case="exact", nonce=bytes(32), granted={"a", "b"}
        )
        return found.tobytes()

    if all(normal(left)) and all(normal(right)):
        assert (digest(left) == digest(right)) == (normal(left) == normal(right))


PLAIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7F), max_size=6)
ODD = st.sampled_from(
    [None, "", " ", "\t", "\u3000", "Ａ１", "ß", "İ", "ﬁ", "\x7f", "a b", " a", "Z"]
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(
    st.one_of(
        st.lists(PLAIN, max_size=12),
        st.lists(st.one_of(PLAIN, ODD, TEXT), max_size=12),
        st.lists(st.one_of(st.none(), INTEGERS), max_size=12),
    ),
    st.sampled_from(["exact", "lower"]),
    st.integers(0, 3),
)
@settings(deadline=None)
def test_keys_that_need_no_normalising_are_what_normalising_gives(
    values: list[str | int | None], case: str, skipped: int
) -> None:
    kind = pa.int64() if any(isinstance(value, int) for value in values) else pa.string()
    array = pa.array(values, kind).slice(skipped)
    quick = component(array, "x", "text", case)
    text = array.cast(pa.string())
    beside_a_gap = pa.concat_arrays([text, pa.array([None], pa.string())])
    assert not is_normal(beside_a_gap, case)
    slow = component(beside_a_gap, "x", "text", case)
    assert quick.to_pylist() == slow.to_pylist()[:-1]


@given(st.lists(st.text(st.sampled_from("abyzAZ019_-~!"), min_size=1), min_size=1))
@settings(deadline=None)
def test_plain_keys_take_the_quick_way(values: list[str]) -> None:
    capital = any("A" <= letter <= "Z" for value in values for letter in value)
    assert is_normal(pa.array(values), "exact")
    assert is_normal(pa.array(values), "lower") is not capital


@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), min_size=2, max_size=60))
@settings(deadline=None)
def test_prepared_numbers_are_finite_and_bounded(values: list[float | None]) -> None:
    table = ArrowTable(pa.table({"x": pa.array(values, pa.float64())}))
    block = apply(learn(table, table.columns, 5), table)
    assert bool(np.isfinite(block).all())
    assert bool((np.abs(block) <= 10).all())


@given(st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=200))
@settings(deadline=None)
def test_sums_of_parts_never_wrap_and_give_the_mean(values: list[int]) -> None:
    array = np.asarray(values, float)
    span = ColumnRange("x", "float64", float(array.min()), float(array.max()))
    bits = fraction_bits(len(array))
    high, low = encode(array, span.minimum, span.maximum, bits)
    sums = [sum(map(int, part)) for part in (high, low, high * high, high * low)]
    assert all(abs(total) < 2**62 + 1 for total in sums)
    mean, deviation = decode(len(array), sums, span, bits)
    width = span.maximum - span.minimum
    assert abs(mean - array.mean()) <= 1e-9 * width + 1e-9 * np.abs(array).max()
    assert deviation is not None
    assert abs(deviation - array.std(ddof=1)) <= 1e-6 * width + 1e-9 * np.abs(array).max()


@given(st.integers(2, 500), st.integers(0, 2**32 - 1), st.floats(0.01, 0.9))
@settings(deadline=None)
def test_split_parts_are_disjoint_and_complete(rows: int, seed: int, fraction: float) -> None:
    train, test = split_rows(rows, fraction, seed)
    assert len(train) >= 1
    assert len(test) >= 1
    assert sorted([*train, *test]) == list(range(rows))


@given(st.lists(st.integers(), min_size=1, max_size=100), st.binary(max_size=8))
@settings(deadline=None)
def test_rows_are_selected_in_the_order_asked_for(values: list[int], seed: bytes) -> None:
    short = [value % 2**40 for value in values]
    table = ArrowTable(pa.table({"x": short}))
    order = permutation(len(short), seed)[: max(1, len(short) // 2)]
    chosen = select_rows(table, table.columns, order)
    got = [x for batch in chosen.batches(size=7) for x in batch.column(0).to_pylist()]
    assert got == [short[index] for index in order]


@given(
    st.sampled_from(["align", "split", "summary", "logistic_regression", "evaluate"]),
    st.dictionaries(
        st.sampled_from(["label", "epochs", "seed", "test_fraction", "l2", "exclude", "case"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.lists(TEXT)),
    ),
)
@settings(deadline=None)
def test_parameters_are_refused_by_name_or_have_a_canonical_form(
    name: str, given_parameters: dict[str, object]
) -> None:
    try:
        checked = validate_parameters(get_operator(name), given_parameters)
    except HanseError as error:
        assert error.code in {"compute.bad_parameter", "compute.unknown_parameter"}
    else:
        canonical.encode(checked)
        assert validate_parameters(get_operator(name), checked) == checked
