"""Rows that belong together by different keys, as the comparer finds them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hanse.compute.errors import BadParameter
from hanse.compute.operators.sets.linking import linked, names_by_port


def entry(*keys: int) -> bytes:
    return b"".join(key.to_bytes(32) for key in keys)


def task(keys: dict[int, list[str]], names: dict[int, list[str]] | None = None) -> Any:
    parameters = {f"key_{n}": columns for n, columns in keys.items()}
    parameters |= {f"name_{n}": [] for n in keys} | {
        f"name_{n}": called for n, called in (names or {}).items()
    }
    inputs = {f"table_{number}": {} for number in keys}
    return SimpleNamespace(
        manifest=SimpleNamespace(inputs=inputs), texts=lambda name: parameters[name]
    )


def test_rows_are_followed_from_table_to_table() -> None:
    names = {"a": ["phone"], "b": ["phone", "id"], "c": ["id"]}
    lists = {
        "a": [entry(1), entry(2), entry(3), entry(9)],
        "b": [entry(2, 20), entry(9, 90), entry(1, 10), entry(7, 70)],
        "c": [entry(10), entry(70), entry(20), entry(2)],
    }
    decision = linked(lists, names)
    assert decision.total == 2
    assert decision.numbers["a"].tolist() == [0, 1, -1, -1]
    assert decision.numbers["b"].tolist() == [1, -1, 0, -1]
    assert decision.numbers["c"].tolist() == [0, -1, 1, -1]


def test_all_keys_that_two_tables_share_must_agree() -> None:
    names = {"a": ["p", "q"], "b": ["q", "p"]}
    lists = {"a": [entry(1, 5), entry(2, 6)], "b": [entry(5, 1), entry(9, 2)]}
    assert linked(lists, names).numbers["a"].tolist() == [0, -1]


def test_a_circle_of_keys_must_close() -> None:
    names = {"a": ["p", "r"], "b": ["p", "q"], "c": ["q", "r"]}
    lists = {
        "a": [entry(1, 3), entry(11, 13)],
        "b": [entry(1, 2), entry(11, 12)],
        "c": [entry(2, 3), entry(12, 99)],
    }
    decision = linked(lists, names)
    assert decision.numbers["c"].tolist() == [0, -1]


def test_keys_of_different_names_never_meet() -> None:
    names = {"a": ["p"], "b": ["p", "q"]}
    lists = {"a": [entry(1)], "b": [entry(2, 1)]}
    assert linked(lists, names).total == 0


def test_columns_are_names_unless_others_are_given() -> None:
    keys = {1: ["phone"], 2: ["phone", "id"], 3: ["证件号"]}
    found = names_by_port(task(keys, {3: ["id"]}))
    assert found == {"table_1": ["phone"], "table_2": ["phone", "id"], "table_3": ["id"]}


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({1: ["phone"], 2: ["id"]}, {}),
        ({1: ["phone"], 2: []}, {}),
        ({1: ["phone"], 2: ["phone", "id"]}, {2: ["phone"]}),
        ({1: ["phone"], 2: ["phone", "id"]}, {2: ["phone", "phone"]}),
        ({1: ["a"], 2: ["a"], 3: ["b"], 4: ["b"]}, {}),
    ],
)
def test_keys_that_do_not_link_are_refused(
    keys: dict[int, list[str]], names: dict[int, list[str]]
) -> None:
    with pytest.raises(BadParameter):
        names_by_port(task(keys, names))
