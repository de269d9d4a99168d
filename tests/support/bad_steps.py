"""How every operator is fed with bad tables: roles, inputs, parameters, and steps before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import bad_tables
from bad_tables import CITY, GRADE, INCOME, KEY, LABEL, SPEND, Pair
from own_package import MANIFEST, package

from hanse.compute.attestation import AttestationPolicy
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.compute.worker import ObjectRef, code_fingerprint
from hanse.crypto.suite import get_suite

Roles = dict[str, list[Role]]
Parts = dict[str, ObjectRef]
Inputs = dict[str, Parts]

OWNERS: Roles = {"bank": ["owner"], "merchant": ["owner"]}
TOLD: Roles = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
JOINT: Roles = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
    "helper": ["compute"],
}
ALL_TOLD: Roles = {**JOINT, "merchant": ["owner", "compute", "receiver"]}
ALGORITHM = package(MANIFEST.replace("maximum: 1000}", "maximum: 1000000}"))


@dataclass(frozen=True)
class Feed:
    """How an operator is run on bad tables.

    Attributes:
        roles: who does what.
        parameters: of the operator, on tables that have all columns.
        one_column: parameters that are other when every owner has one column.
        keys: whether it matches rows by a key: then what is bad is in the key.
    label: whether it needs the label: then the label is the bank's one column.
        ports: inputs that are the bad tables.
        changes: fields of the session's manifest.
        before: makes inputs from good tables, or from the bad ones.
    """

    roles: Roles
    parameters: Mapping[str, Any] = field(default_factory=dict)
    one_column: Mapping[str, Any] = field(default_factory=dict)
    keys: bool = False
    label: bool = False
    ports: tuple[str, ...] = ("table",)
    before: Callable[[Bench, Pair], Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


class Stopped(Exception):
    """A step before the one that was asked for ended with an error."""

    def __init__(self, done: dict[str, Outcome]) -> None:
        super().__init__()
        self.done = done


class Bench:
    """Runs operators on tables; what is made of good tables is made once."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self._kept: dict[str, Inputs] = {}

    def enter(self, pair: Pair) -> Parts:
        """Both tables as parts of one input."""
        return {
            alias: self.rehearsal.enter(
                table, key_columns=[KEY] if KEY in table.column_names else []
            )
            for alias, table in zip(OWNERS, pair, strict=True)
        }

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` gave the first time."""
        return _coroutine(self._kept, name, make)

    async def step(
        self, operator: str, roles: Roles, inputs: Inputs, parameters: Mapping[str, Any]
    ) -> dict[str, Outcome]:
        """A step that must succeed for the next one to be tried."""
        done = await self.rehearsal.run(operator, roles, inputs, parameters)
        if any(outcome.error for outcome in done.values()):
            raise Stopped(done)
        return done

    async def run(self, operator: str, name: str) -> tuple[Pair, dict[str, Outcome]]:
        """The operator on bad tables; the outcomes of the step before when that ended it."""
        pair = tables_of(operator, name)
        return pair, await self._run(operator, name, pair)

    async def _run(self, operator: str, name: str, pair: Pair) -> dict[str, Outcome]:
        feed = FEEDS[operator]
        given = dict(feed.parameters) | (feed.one_column if name == ONE_COLUMN else {})
        if feed.keys and "table_key" not in given:
            held = self.enter(pair)
            if len(feed.ports) > len(held):
                held["helper"] = held["bank"]
            parts = held.items()
            inputs = {port: {a: p} for port, (a, p) in zip(feed.ports, parts, strict=True)}
        else:
            inputs = dict.fromkeys(feed.ports, self.enter(pair)) if feed.ports else {}
        try:
            if feed.before:
                inputs |= await feed.before(self, pair)
        except Stopped as stopped:
            return stopped.done
        if operator == "algorithm_plain":
            inputs = {"table": {"bank": inputs["table"]["bank"]}}
        return await self.rehearsal.run(operator, feed.roles, inputs, given, **feed.changes)


def tables_of(operator: str, name: str) -> Pair:
    """The bad tables for this operator."""
    feed = FEEDS[operator]
    if name == ONE_COLUMN:
        bank, merchant = bad_tables.good()
        if feed.keys:
            return bank.select([KEY]), merchant.select([KEY])
        return bank.select([LABEL if feed.label else INCOME]), merchant.select([SPEND])
    return bad_tables.in_keys(name) if feed.keys else bad_tables.BAD[name]()


async def _coroutine(kept: dict[str, Any], name: str, make: Callable[[], Any]) -> Any:
    if name not in kept:
        kept[name] = await make()
    return kept[name]


async def _model_of_good(bench: Bench, _pair: Pair) -> Inputs:
    async def train() -> Inputs:
        inputs = {"table": bench.enter(bad_tables.good())}
        done = await bench.step("logistic_regression", JOINT, inputs, QUICK)
        return {"model": outputs_of(done, "model")}

    return dict(await bench.once("model", train))


async def _model_of_bad(bench: Bench, pair: Pair) -> Inputs:
    done = await bench.step(
        "logistic_regression", JOINT, {"table": bench.enter(pair)}, NEWTON | {"l2": "0"}
    )
    return {"model": outputs_of(done, "model")}


def _recipe_of_good(operator: str, parameters: Mapping[str, Any], roles: Roles) -> Any:
    async def before(bench: Bench, _pair: Pair) -> Inputs:
        async def learn() -> Inputs:
            inputs = {"table": bench.enter(bad_tables.good(601))}
            return {
                "recipe": outputs_of(
                    await bench.step(operator, roles, inputs, parameters), "recipe"
                )
            }

        return dict(await bench.once(operator, learn))

    return before


async def _card_of_bad(bench: Bench, pair: Pair) -> Inputs:
    inputs = {"table": bench.enter(pair)}
    binned = await bench.step("woe_binning", ALL_TOLD, inputs, FEEDS["woe_binning"].parameters)
    recipe = {a: part for a, part in outputs_of(binned, "recipe").items() if a in OWNERS}
    changed = await bench.step("woe_transform", OWNERS, {**inputs, "recipe": recipe}, {})
    tables = {"table": outputs_of(changed, "table")}
    trained = await bench.step("logistic_regression", ALL_TOLD, tables, NEWTON)
    return {"model": outputs_of(trained, "model"), "recipe": recipe}


async def _good_before(bench: Bench, _pair: Pair) -> Inputs:
    return {"base": bench.enter(bad_tables.good())}


async def _keys_of_good(bench: Bench, pair: Pair) -> Inputs:
    """The merchant asks with good keys of the bank's bad table."""
    asked = bench.rehearsal.enter({"wanted": ["客户00003", "客户00009", "无此人"]})
    return {"keys": {"merchant": asked}, "table": {"bank": bench.enter(pair)["bank"]}}


async def _only_bank(bench: Bench, pair: Pair) -> Inputs:
    return {"table": {"bank": bench.enter(pair)["bank"]}}


ONE_COLUMN = "one column"
NEWTON = {"label": LABEL, "solver": "newton", "l2": "0.1", "rounds": 1}
QUICK = {"label": LABEL, "epochs": 1, "batch_size": 32}
TREES = {"label": LABEL, "n_estimators": 1, "max_depth": 2, "max_bin": 4}
BINS = {"label": LABEL, "bins": 3, "minimum_bin_rows": 5}
SETS: dict[str, Any] = {
    "roles": TOLD,
    "keys": True,
    "parameters": {"key_1": KEY},
    "ports": ("table_1", "table_2"),
}
PAIRS: dict[str, Any] = {
    "keys": True,
    "parameters": {"left_key": KEY, "right_key": KEY},
    "ports": ("left", "right"),
}
ATTESTED = AttestationPolicy(tee="software", registers={"code": [code_fingerprint()]})
OWN = {
    "algorithm": "burden@1.0.0",
    "fingerprint": ALGORITHM.fingerprint(get_suite("intl")),
    "columns": [f"income=bank.{INCOME}", f"debt=merchant.{SPEND}"],
}
QUERY = (
    f"SELECT {GRADE}, sum({INCOME} * {SPEND}) AS joint FROM bank JOIN merchant "
    f"ON bank.{KEY} = merchant.{KEY} GROUP BY {GRADE}"
)
FEEDS: dict[str, Feed] = {
    "align": Feed(OWNERS, **PAIRS),
    "intersect": Feed(TOLD, **PAIRS),
    **{name: Feed(**SETS) for name in ("intersection", "union", "difference")},
    "intersection_count": Feed(**SETS),
    "linked_intersection": Feed(
        {**TOLD, "helper": ["owner"]},
        {"key_1": KEY, "key_2": KEY, "key_3": KEY},
        keys=True,
        ports=("table_1", "table_2", "table_3"),
    ),
    "retrieval_setup": Feed(
        {"bank": ["owner"], "merchant": ["receiver"]},
        {"table_key": KEY},
        keys=True,
        ports=(),
        before=_only_bank,
    ),
    "retrieve": Feed(
        {"bank": ["owner"], "merchant": ["owner", "receiver"]},
        {"key": "wanted", "table_key": KEY},
        keys=True,
        ports=(),
        before=_keys_of_good,
    ),
    "split": Feed(OWNERS),
    "summary": Feed(JOINT),
    "statistics": Feed(JOINT, {"quantiles": ["0.5"], "top_of": [INCOME]}),
    "group_by": Feed(
        JOINT,
        {"by": [CITY, GRADE], "columns": [INCOME, SPEND], "minimum_group": 2},
        {"by": [INCOME], "columns": [SPEND]},
    ),
    "private_report": Feed(
        JOINT,
        {"epsilon": "1", "columns": [f"{SPEND}:0:5000"], "by": [f"{CITY}:沈阳市,杭州市"]},
        {"by": []},
    ),
    "calculate": Feed(
        JOINT, {"expressions": [f"{INCOME} + {SPEND} AS total", f"{INCOME} > {SPEND} AS more"]}
    ),
    "sql": Feed(
        JOINT,
        {"query": QUERY, "minimum_group": 2},
        {
            "query": f"SELECT count(*) AS n FROM bank JOIN merchant "
            f"ON bank.{INCOME} = merchant.{SPEND}"
        },
    ),
    "sample": Feed(OWNERS, {"fraction": "0.5", "stratify": CITY}, {"stratify": ""}),
    "stratified_split": Feed(OWNERS, {"stratify": CITY}, {"stratify": INCOME}),
    "preprocess": Feed(
        OWNERS, {"scale": "standard", "one_hot": True, "cap_low": "0.01", "cap_high": "0.99"}
    ),
    "apply_preprocess": Feed(
        OWNERS,
        before=_recipe_of_good("preprocess", {"scale": "standard", "one_hot": True}, OWNERS),
    ),
    "woe_binning": Feed(ALL_TOLD, BINS, label=True),
    "woe_transform": Feed(OWNERS, before=_recipe_of_good("woe_binning", BINS, ALL_TOLD)),
    "chi_square": Feed(ALL_TOLD, BINS, label=True),
    "correlation": Feed(JOINT),
    "vif": Feed(JOINT),
    "psi_stability": Feed(TOLD, {"bins": 4}, ports=("current",), before=_good_before),
    "select_features": Feed(TOLD, {"max_missing": "0.9"}),
    "kmeans": Feed(JOINT, {"clusters": 2, "iterations": 2, "exclude": [KEY]}, {"exclude": []}),
    "pca": Feed(JOINT, {"components": 1, "iterations": 5}),
    "logistic_regression": Feed(JOINT, QUICK, label=True),
    "linear_regression": Feed(JOINT, {"label": INCOME}),
    "multinomial_regression": Feed(JOINT, QUICK, label=True),
    "glm": Feed(JOINT, QUICK, label=True),
    "neural_network": Feed(JOINT, {**QUICK, "hidden": 4}, label=True),
    "coefficients": Feed(ALL_TOLD, label=True, ports=(), before=_model_of_bad),
    "scorecard": Feed(ALL_TOLD, label=True, ports=(), before=_card_of_bad),
    "contribution": Feed(JOINT, {"label": LABEL}, label=True, before=_model_of_good),
    "boosted_trees": Feed(JOINT, TREES, label=True),
    "secure_boost": Feed(JOINT, TREES, label=True),
    "evaluate": Feed(JOINT, {"label": LABEL}, label=True, before=_model_of_good),
    "predict": Feed(JOINT, label=True, before=_model_of_good),
    "algorithm": Feed(JOINT, OWN),
    "algorithm_tee": Feed({**TOLD, "helper": ["compute"]}, OWN, changes={"protocol": "software"}),
    "algorithm_plain": Feed(
        {"bank": ["owner", "receiver"]},
        {**OWN, "columns": [f"income=bank.{INCOME}", f"debt=bank.{INCOME}"]},
    ),
}
