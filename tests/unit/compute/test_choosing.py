"""The protocol of an intersection by sizes and line."""

from __future__ import annotations

import pytest

from hanse.compute.operators.choosing import COSTS, Line, quickest, seconds
from hanse.compute.operators.registry import get_operator

MANY = ("rr22", "kkrt", "ecdh", "ecdh_sm2", "ecdh_unbalanced")


@pytest.mark.parametrize(
    ("rows", "line", "protocol"),
    [
        ((1_000_000, 2_000_000), Line(), "rr22"),
        ((300, 200), Line(), "rr22"),
        ((2_000_000, 1_000_000), Line(mbit=10, delay_ms=50), "rr22"),
        ((300, 200), Line(mbit=2, delay_ms=20), "kkrt"),
        ((300, 200_000), Line(mbit=2, delay_ms=20), "kkrt"),
        ((200_000, 300), Line(mbit=2, delay_ms=20), "rr22"),
        ((50, 50), Line(mbit=1, delay_ms=100), "ecdh"),
        ((1000, 1_000_000), Line(), "ecdh_unbalanced"),
        ((1000, 999_999), Line(), "rr22"),
        ((1001, 1_000_000), Line(), "rr22"),
        ((1_000_000, 1000), Line(), "rr22"),
        (None, Line(), "rr22"),
    ],
)
def test_the_quickest_is_chosen(rows: tuple[int, int] | None, line: Line, protocol: str) -> None:
    assert quickest(MANY, rows, line) == protocol


def test_only_what_may_be_used_is_chosen() -> None:
    assert quickest(("ecdh_sm2",), (10**6, 10**6), Line()) == "ecdh_sm2"
    assert quickest(("ecdh_ring",), (10, 10), Line()) == "ecdh_ring"


def test_every_protocol_of_an_intersection_has_a_cost() -> None:
    for name in ("align", "intersect"):
        assert set(get_operator(name).protocols) <= {*COSTS, "ecdh_unbalanced"}
    slow, quick = Line(mbit=10), Line(mbit=1000)
    for protocol in COSTS:
        assert seconds(protocol, (10**6, 10), slow) > seconds(protocol, (10**6, 10), quick)
