"""Keys: what counts as the same key, and what does not."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest

from hanse.compute.errors import BadParameter, NoSuchColumn
from hanse.compute.operators.keys import key_digests
from hanse.data.batches import ArrowTable

NONCE = bytes(range(32))


def digests(
    *columns: Any, key_type: str = "text", case: str = "exact", nonce: bytes = NONCE
) -> tuple[list[bytes], list[int]]:
    names = [f"k{number}" for number in range(len(columns))]
    table = ArrowTable(pa.table(dict(zip(names, columns, strict=True))))
    found, rows, _ = key_digests(
        table, names, key_type=key_type, case=case, nonce=nonce, granted=set(names)
    )
    assert found.shape == (len(rows), 12)
    return [row.tobytes() for row in found], rows.tolist()


@pytest.mark.parametrize(
    ("left", "right", "options"),
    [
        (["u1"], ["  u1\t"], {}),
        (["ＵＩＤ１"], ["UID1"], {}),
        (["ABC"], ["abc"], {"case": "lower"}),
        (["007"], ["7"], {"key_type": "integer"}),
        (["7"], pa.array([7], pa.int64()), {}),
        ([7.0], ["7"], {}),
        (["2024-02-29"], [datetime.date(2024, 2, 29)], {"key_type": "date"}),
        (
            [datetime.date(2024, 2, 29)],
            pa.array([datetime.datetime(2024, 2, 29, 13)], pa.timestamp("us", "UTC")),
            {"key_type": "date"},
        ),
    ],
)
def test_same_key_in_other_forms_has_the_same_digest(left: Any, right: Any, options: Any) -> None:
    assert digests(left, **options) == digests(right, **options)


@pytest.mark.parametrize(
    ("left", "right", "options"),
    [
        (["ABC"], ["abc"], {}),
        (["007"], ["7"], {}),
        (["u 1"], ["u1"], {}),
    ],
)
def test_other_keys_have_other_digests(left: Any, right: Any, options: Any) -> None:
    assert digests(left, **options) != digests(right, **options)


def test_composite_keys_do_not_run_into_each_other() -> None:
    assert digests(["a,b"], ["c"]) != digests(["a"], ["b,c"])
    assert digests(["ab"], ["c"]) != digests(["a"], ["bc"])
    assert digests(["1:a"], ["b"]) != digests(["1"], ["a1:b"])


def test_rows_without_a_whole_key_have_none() -> None:
    _, rows = digests(["a", None, "  ", "d"], ["x", "y", "z", None])
    assert rows == [0]


def test_nonce_changes_every_digest() -> None:
    assert digests(["a"]) != digests(["a"], nonce=bytes(32))


def test_order_and_row_numbers_hold_over_many_batches() -> None:
    keys = [f"k{number}" if number % 3 else None for number in range(300_000)]
    found, rows = digests(keys)
    assert rows == [number for number in range(300_000) if number % 3]
    assert len(set(found)) == len(found)


def test_unreadable_keys_are_refused_without_quoting_them() -> None:
    for key_type in ("integer", "date"):
        with pytest.raises(BadParameter) as caught:
            digests(["secret-7"], key_type=key_type)
        assert "secret" not in str(caught.value)
        assert "k0" in str(caught.value)
    with pytest.raises(BadParameter):
        digests([1.5])


def test_missing_or_ungranted_column_is_refused() -> None:
    table = ArrowTable(pa.table({"a": ["x"]}))
    options: Any = {"key_type": "text", "case": "exact", "nonce": NONCE}
    with pytest.raises(NoSuchColumn):
        key_digests(table, ["a"], granted=set(), **options)
    with pytest.raises(BadParameter):
        key_digests(table, [], granted={"a"}, **options)


def test_marks_depend_on_the_key_alone_and_not_on_where_it_stands() -> None:
    first = ArrowTable(pa.table({"id": ["b", "客户", None, "a" * 300]}))
    second = ArrowTable(pa.table({"id": ["a" * 300, "x", "b", " 客户 "]}))
    options = {"key_type": "text", "case": "exact", "granted": {"id"}}
    _, rows, marks = key_digests(first, ["id"], nonce=b"1" * 32, **options)
    _, _, others = key_digests(second, ["id"], nonce=b"2" * 32, **options)
    assert rows.tolist() == [0, 1, 3]
    assert marks.tolist() == others[[2, 3, 0]].tolist()
    assert len(set(marks.tolist())) == 3


def test_digests_are_cmac_closed_one_way_under_keys_of_the_session() -> None:
    """Written out with another implementation of CMAC."""
    import hashlib

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.cmac import CMAC

    from hanse.core.canonical import tagged

    def key_for(purpose: str) -> Any:
        return algorithms.AES(hashlib.sha256(tagged(purpose, NONCE)).digest())

    keys = ["u1", "客户" * 9, "a" * 16, "a" * 15, "u2"]
    expected = []
    for key in keys:
        mac = CMAC(key_for("hanse/psi-digest/1"))
        mac.update(key.encode())
        tag = mac.finalize()
        mixed = Cipher(key_for("hanse/psi-close/1"), modes.ECB()).encryptor().update(tag)
        expected.append(bytes(a ^ b for a, b in zip(mixed, tag, strict=True))[:12])
    assert digests(keys)[0] == expected
