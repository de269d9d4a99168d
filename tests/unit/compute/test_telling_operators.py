"""Every operator is sorted: does it tell its owners something exact that a budget must count?"""

from __future__ import annotations

from hanse.compute.operators import get_operator
from hanse.compute.operators.registry import operators
from hanse.contracts.flows.budgets import TELLING

QUIET = {
    # Their declared leaks to owners and computing nodes are row counts, common and drawn rows,
    # names, types, numbers and bounds of columns, and whether a loss still fell.
    *("align", "intersect", "intersection", "intersection_count", "union", "difference"),
    *("linked_intersection", "retrieval_setup", "retrieve", "split", "sample", "stratified_split"),
    *("summary", "statistics", "group_by", "private_report", "calculate", "sql"),
    *("preprocess", "apply_preprocess", "woe_transform", "correlation", "vif", "psi_stability"),
    *("kmeans", "pca", "logistic_regression", "linear_regression", "multinomial_regression"),
    *("glm", "neural_network", "contribution", "evaluate", "predict"),
    *("algorithm", "algorithm_plain"),  # the owner of the data itself, alone
    "algorithm_tee",
}


def test_every_operator_is_sorted() -> None:
    """A new one: read its leaks; what tells owners of others' values belongs to the contract's."""
    assert not QUIET & set(TELLING)
    assert {str(name) for name in operators()} == QUIET | set(TELLING)


def test_what_opens_a_report_to_owners_is_telling() -> None:
    for name in QUIET:
        for port in get_operator(name).outputs.values():
            assert port.kind != "report" or port.held_by == ("receiver",), name
