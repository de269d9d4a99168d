"""Every operator on bad data: a sound result or one named error that gives nothing away.

Real workers run every operator of the registry on every kind of bad table (`bad_tables.BAD`).
What must come of it is written down here, by operator and kind of table: the code of the error
all parties end with, and where none is written, a result at every party.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from bad_steps import ALGORITHM, ATTESTED, FEEDS, Bench
from bad_tables import ABOUT_LABELS, BAD, INCOME, KEY, SPEND, Pair, good, quoted
from forked_workers import ForkedRehearsal, forge
from own_package import needs_sandbox

from hanse.compute.operators.common import LOCAL
from hanse.compute.operators.registry import operators
from hanse.compute.rehearsal import Outcome, Rehearsal
from hanse.compute.worker import OutputRef
from hanse.core.errors import HanseError, InternalError, error_for

DEADLINE_MS = 200_000
BOUND_S = 240.0
EMPTY, INFINITE = "compute.too_few_rows", "compute.out_of_range"
ONE_CLASS, GAPS = "compute.one_class_label", "compute.bad_label"
NOTHING, ABSENT = "compute.no_features", "compute.no_such_column"
ABOUT_ALL = {EMPTY, NOTHING, "compute.too_many_groups"}  # what no single column causes
USUAL: dict[str, str | None] = {"no common rows": EMPTY, "infinity": INFINITE}
OF_KEYS: dict[str, str | None] = {
    "constant": "compute.duplicate_keys",
    "all missing": "compute.no_common_rows",
    "NaN": "compute.no_common_rows",
    "infinity": INFINITE,
}
OF_LABELS: dict[str, str | None] = {"one class": ONE_CLASS, "no label": GAPS}
OF_MODELS: dict[str, str | None] = {**OF_LABELS, "constant": NOTHING, "all missing": NOTHING}
OF_RETRIEVAL: dict[str, str | None] = {
    "constant": "compute.too_many_matches",
    "all missing": None,  # no key is held: every question is a miss
    "NaN": None,
}
OF_GAPS: dict[str, str | None] = {
    "all missing": "algorithm.bad_value",
    "NaN": "algorithm.bad_value",
}
EXPECTED: dict[str, dict[str, str | None]] = {
    "algorithm": OF_GAPS,
    "algorithm_tee": OF_GAPS,
    "algorithm_plain": {**OF_GAPS, "infinity": None},  # the one owner's numbers are finite
    "retrieval_setup": OF_RETRIEVAL,
    "retrieve": OF_RETRIEVAL,
    "align": {"no common rows": "compute.no_common_rows"},
    "group_by": {"one column": "compute.no_groups", "categories": "compute.too_many_groups"},
    "sql": {"one column": "compute.bad_expression"},
    "stratified_split": {"one column": EMPTY},
    "psi_stability": {"one column": ABSENT},
    "select_features": {"no common rows": None},
    "logistic_regression": OF_MODELS,
    "linear_regression": {"constant": ONE_CLASS, "all missing": GAPS, "NaN": GAPS},
    "multinomial_regression": OF_MODELS,
    "glm": OF_MODELS,
    "neural_network": OF_MODELS,
    "boosted_trees": OF_MODELS,
    "secure_boost": OF_MODELS,
    "woe_binning": OF_MODELS,
    "chi_square": OF_MODELS,
    "coefficients": OF_MODELS,
    "scorecard": OF_MODELS,
    "evaluate": {**OF_LABELS, "one column": "compute.bad_input"},
    "predict": {"one column": "compute.bad_input"},
    "contribution": {**OF_LABELS, "one column": "compute.bad_input"},
    "apply_preprocess": {"one column": ABSENT, "no common rows": None},
    "woe_transform": {"one column": ABSENT, "no common rows": None},
}


def cases(operator: str) -> list[str]:
    """The kinds of bad tables that mean something to the operator."""
    return [name for name in BAD if FEEDS[operator].label or name not in ABOUT_LABELS]


# What is undefined and stands as null in reports: of columns that are constant or without values,
# and of few rows when noise hides how many.
UNDEFINED: defaultdict[str, set[str]] = defaultdict(
    set,
    group_by={"key", "sum", "mean", "variance"},
    statistics={"correlation"},
    private_report={"value", "standard_error"},
    coefficients={"standard_error", "z", "p", "low", "high"},  # of columns that depend on others
)


def expected(operator: str, name: str) -> str | None:
    """The code it ends with; None for a result."""
    usual = OF_KEYS if FEEDS[operator].keys else USUAL
    return {**usual, **EXPECTED.get(operator, {})}.get(name)


def test_every_operator_is_given_bad_data() -> None:
    assert set(FEEDS) == set(operators())
    assert set(EXPECTED) <= set(FEEDS)
    assert set().union(*EXPECTED.values()) <= set(BAD)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("bad")
    given = {"package": ALGORITHM.encode().decode(), "level": 2, "policies": [ATTESTED]}
    with forge(folder) as made:
        rehearsal = ForkedRehearsal(folder, made, deadline_ms=DEADLINE_MS, **given)
        yield Bench(rehearsal)
        rehearsal.clear()


def _parameters() -> Iterator[Any]:
    for operator in FEEDS:
        for name in cases(operator):
            mark = pytest.mark.long if name in QUICK.get(operator, ()) else pytest.mark.slow
            yield pytest.param(operator, name, marks=mark, id=f"{operator} {name}")


# What ends before anything is computed, and a few results.
QUICK = {
    "summary": ("no common rows", "infinity", "NaN"),
    "sample": ("no common rows", "infinity"),
    "stratified_split": ("no common rows", "odd texts"),
    "intersect": ("odd texts", "constant", "infinity"),
    "union": ("all missing",),
    "calculate": ("NaN", "infinity"),
    "woe_binning": ("one class", "constant"),
    "logistic_regression": ("all missing", "no label"),
    "boosted_trees": ("infinity", "one class"),
}


@pytest.mark.parametrize(("operator", "name"), list(_parameters()))
async def test_bad_data_end_in_a_sound_result_or_one_named_error(
    bench: Bench, operator: str, name: str
) -> None:
    if operator.startswith("algorithm"):
        needs_sandbox()
    pair, done = await asyncio.wait_for(bench.run(operator, name), BOUND_S)
    code = expected(operator, name)
    ends = {each.error.code if each.error else None for each in done.values()}
    alone = operators()[operator].protocols == LOCAL  # then one party may have nothing bad
    assert ends - ({None} if alone and code else set()) == {code}, told(done)
    if code:
        check_errors(done, pair)
    else:
        for alias, outcome in done.items():
            for port, output in outcome.outputs.items():
                assert unsound(operator, bench.rehearsal, output) == [], (alias, port)
        if (operator, name) in PLAIN:
            PLAIN[operator, name](bench.rehearsal, done, pair)


def told(done: dict[str, Outcome]) -> list[Any]:
    return [(a, o.error.code, o.error.message, o.failure) for a, o in done.items() if o.error]


def _sums_are_of_what_is_there(rehearsal: Rehearsal, done: dict[str, Outcome], pair: Pair) -> None:
    table = rehearsal.table(done["bank"].outputs["result"]).to_arrow()
    income, spend = np.asarray(pair[0][INCOME]), np.asarray(pair[1][SPEND])
    found = np.asarray(table["total"].to_pylist(), np.float64)
    assert np.allclose(found, income + spend, rtol=1e-6, equal_nan=True)


def _means_are_of_what_is_there(rehearsal: Rehearsal, done: dict[str, Outcome], pair: Pair) -> None:
    lines = json.loads(rehearsal.data(done["bank"].outputs["report"]))["columns"]
    by_name = {line["column"]: line for line in lines}
    for name, table in ((INCOME, pair[0]), (SPEND, pair[1])):
        values = np.asarray(table[name])
        assert by_name[name]["missing"] == np.isnan(values).sum()
        assert by_name[name]["mean"] == pytest.approx(np.nanmean(values), rel=1e-9)


def _keys_are_all_found(rehearsal: Rehearsal, done: dict[str, Outcome], pair: Pair) -> None:
    table = rehearsal.table(done["bank"].outputs["table"]).to_arrow()
    assert set(table[KEY].to_pylist()) == set(pair[0][KEY].to_pylist())


PLAIN = {
    ("calculate", "NaN"): _sums_are_of_what_is_there,
    ("summary", "NaN"): _means_are_of_what_is_there,
    ("intersect", "odd texts"): _keys_are_all_found,
    ("align", "odd texts"): _keys_are_all_found,
}


def check_errors(done: dict[str, Outcome], pair: Pair) -> None:
    """Named, helpful, about a column or a party, and silent about values and numbers of rows."""
    named = [*done, *(name for table in good() for name in table.column_names)]
    said = ""
    for outcome in (each for each in done.values() if each.error):
        error, failure = outcome.error, outcome.failure
        assert isinstance(error, HanseError)
        assert failure is not None
        assert error.code.startswith(("compute.", "algorithm."))
        assert not isinstance(error_for(error.code, ""), InternalError)
        assert error.help
        assert error.message
        assert "Traceback" not in error.message
        assert quoted(error.message, pair) == []
        said += f"{error.message} {failure.blamed}\n"
    of_all = {each.error.code for each in done.values() if each.error} <= ABOUT_ALL
    assert of_all or any(name in said for name in named), said


def unsound(operator: str, rehearsal: Rehearsal, output: OutputRef) -> list[str]:
    """Places of an output where a number is not finite, or is missing in a report."""
    if output.kind in {"table", "scores"}:
        table = rehearsal.table(output).to_arrow()
        return [
            name
            for name in table.column_names
            if table[name].type == "double"
            and not np.isfinite(np.asarray(table[name].drop_null(), np.float64)).all()
        ]
    data = rehearsal.data(output)
    if output.kind == "report":
        return [name for name in _holes(json.loads(data)) if name not in UNDEFINED[operator]]
    return list(_holes(msgspec.msgpack.decode(data), of_nothing=False))


def _holes(value: Any, name: str = "", *, of_nothing: bool = True) -> Iterator[str]:
    """Names under which a number is not finite, and where that counts, under which is nothing."""
    if isinstance(value, dict):
        for called, each in value.items():
            yield from _holes(each, called, of_nothing=of_nothing)
    elif isinstance(value, list):
        for each in value:
            yield from _holes(each, name, of_nothing=of_nothing)
    elif (value is None and of_nothing) or (isinstance(value, float) and not math.isfinite(value)):
        yield name
