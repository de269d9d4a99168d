"""Every operator's links carry what it declares: their plaintext is recorded and searched.

The steps of the demo are in `test_nothing_leaks`; here are all others, on the same tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leak_search import Needles, add_flags, add_numbers
from own_package import MANIFEST, needs_sandbox, package
from secret_tables import BANK_ROWS, KEY, LABEL, MERCHANT_ROWS, make_tables, needles_of
from tapped_links import OWNERS, THREE, Links, aligned_parts, listening, rehearsal_step, table_of
from tapped_rehearsal import TappedRehearsal

from hanse.compute.attestation import AttestationPolicy
from hanse.compute.operators import Role
from hanse.compute.operators.registry import operators
from hanse.compute.rehearsal import outputs_of
from hanse.compute.worker import ObjectRef, code_fingerprint

pytestmark = pytest.mark.slow

ELSEWHERE = {
    *("align", "retrieve", "intersection", "summary", "logistic_regression", "evaluate"),
    *("predict", "boosted_trees", "secure_boost"),
}
SETS: dict[str, dict[str, Any]] = {
    "intersect": {"left_key": KEY, "right_key": KEY},
    "linked_intersection": {"key_1": KEY, "key_2": KEY, "key_3": KEY},
    "union": {"key_1": KEY},
    "difference": {"key_1": KEY},
    "intersection_count": {"key_1": KEY},
}
AT_HOME: dict[str, dict[str, Any]] = {
    "split": {},
    "sample": {"fraction": "0.5", "stratify": LABEL},
    "stratified_split": {"stratify": LABEL},
    "preprocess": {"scale": "standard", "one_hot": True},
}
JOINT: dict[str, dict[str, Any]] = {
    "statistics": {"quantiles": []},
    "group_by": {"by": ["vip", LABEL], "columns": ["收入", "spend"]},
    "calculate": {"expressions": ["收入 + spend AS total", "收入 > spend AS more"]},
    "sql": {
        "query": f"SELECT vip, sum(收入 * spend) AS joint FROM bank JOIN merchant ON bank.{KEY} = "
        f"merchant.{KEY} WHERE account > 0 AND 收入 < spend GROUP BY vip"
    },
    "chi_square": {"label": LABEL, "bins": 4},
    "correlation": {},
    "vif": {},
    "kmeans": {"clusters": 2, "iterations": 2},
    "pca": {"components": 2, "iterations": 5},
    "linear_regression": {"label": "收入"},
    "multinomial_regression": {"label": LABEL, "epochs": 1},
    "glm": {"label": LABEL, "epochs": 1},
    "neural_network": {"label": LABEL, "epochs": 1, "hidden": 4},
}
CHAINED = {
    *("woe_binning", "woe_transform", "select_features", "coefficients", "scorecard"),
    *("contribution", "apply_preprocess", "psi_stability"),
    *("algorithm", "algorithm_plain", "algorithm_tee"),
    "private_report",
}
EVERYBODY: dict[str, list[Role]] = {**THREE, "merchant": ["owner", "compute", "receiver"]}
TOLD_RANGES = {"statistics": ["data merchant>bank"]}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TappedRehearsal]:
    with listening(tmp_path_factory.mktemp("tapped")) as rehearsal:
        yield rehearsal


@pytest.fixture
async def parts(rehearsal: TappedRehearsal) -> dict[str, ObjectRef]:
    return (await aligned_parts(rehearsal))[0]


@pytest.fixture
def secret(rehearsal: TappedRehearsal, parts: dict[str, ObjectRef]) -> Needles:
    """Rows as they are in files and in aligned order, labels, and columns as they are scaled."""
    aligned = [table_of(rehearsal, part).to_arrow() for part in parts.values()]
    extreme = [
        float(value)
        for table in aligned
        for name in table.column_names
        if table[name].type in ("int64", "double")
        for value in (min(table[name].to_pylist()), max(table[name].to_pylist()))
    ]
    needles = needles_of([*make_tables(), *aligned], but=extreme)
    for table in aligned:
        for name in ("收入", "account", "spend", "order_number"):
            if name in table.column_names:
                values = np.asarray(table[name], np.float64)
                add_numbers(needles, f"standard {name}", (values - values.mean()) / values.std())
                bound = 2.0 ** np.ceil(np.log2(np.abs(values).max()))
                add_numbers(needles, f"share of a power of two of {name}", values / bound)
    return needles


def test_every_operator_is_listened_to() -> None:
    listened = {*ELSEWHERE, *SETS, *AT_HOME, *JOINT, *CHAINED}
    assert set(operators()) - {"retrieval_setup"} == listened


@pytest.mark.parametrize("operator", SETS)
@pytest.mark.parametrize("owners", [2, 3])
async def test_sets_send_no_key_and_no_hash_of_one(
    rehearsal: TappedRehearsal, operator: str, owners: int
) -> None:
    bank, merchant = make_tables()
    names = ["left", "right"] if operator == "intersect" else ["table_1", "table_2", "table_3"]
    if operator == "intersect" and owners == 3:
        pytest.skip("of two owners")
    tables = [("bank", bank), ("merchant", merchant), ("helper", bank.slice(0, 200))][:owners]
    inputs = {
        port: {alias: rehearsal.enter(table)}
        for port, (alias, table) in zip(names, tables, strict=False)
    }
    roles: dict[str, list[Role]] = {alias: ["owner"] for alias, _ in tables}
    roles["bank"] = ["owner", "receiver"]
    await rehearsal_step(rehearsal, operator, roles, inputs, SETS[operator])
    links = Links(rehearsal.recorder, operator)
    nonce = rehearsal.nonces[operator]
    prefixes = [nonce.encode(), bytes.fromhex(nonce)]
    assert links.findings(needles_of([bank, merchant], prefixes=prefixes)) == {}
    control = Needles()
    for rows in (BANK_ROWS, MERCHANT_ROWS):
        control.add("declared: number of keys", f'"keys":{rows}'.encode())
    assert links.findings(control)


async def test_a_list_of_keys_tells_no_key_and_no_hash_of_one(
    rehearsal: TappedRehearsal,
) -> None:
    bank, merchant = make_tables()
    inputs = {
        "left": {"bank": rehearsal.enter(bank.slice(0, 30))},
        "right": {"merchant": rehearsal.enter(merchant)},
    }
    keys = {"left_key": KEY, "right_key": KEY}
    roles: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner"]}
    for _ in range(2):  # the second time with the list that is kept
        done = await rehearsal.run("align", roles, inputs, keys, protocol="ecdh_unbalanced")
        assert all(outcome.result for outcome in done.values())
    links = Links(rehearsal.recorder, "align")
    nonce = rehearsal.nonces["align"]
    prefixes = [nonce.encode(), bytes.fromhex(nonce), b"hanse/retrieval-point/1\0"]
    assert links.findings(needles_of([bank, merchant], prefixes=prefixes)) == {}
    control = Needles()
    control.add("declared: number of keys", f'"keys":{MERCHANT_ROWS}'.encode())
    assert links.findings(control)


@pytest.mark.parametrize("operator", AT_HOME)
async def test_steps_at_home_send_no_value(
    rehearsal: TappedRehearsal, parts: dict[str, ObjectRef], secret: Needles, operator: str
) -> None:
    await rehearsal_step(rehearsal, operator, OWNERS, {"table": parts}, AT_HOME[operator])
    assert Links(rehearsal.recorder, operator).findings(secret) == {}


@pytest.mark.parametrize("operator", JOINT)
async def test_joint_steps_send_shares_and_what_is_declared(
    rehearsal: TappedRehearsal, parts: dict[str, ObjectRef], secret: Needles, operator: str
) -> None:
    # Owners learn the counts of their own bins, so all of them are receivers.
    roles = EVERYBODY if operator == "chi_square" else THREE
    done = await rehearsal_step(rehearsal, operator, roles, {"table": parts}, JOINT[operator])
    if operator == "calculate":
        found = rehearsal.table(done["bank"].outputs["result"]).to_arrow()
        add_numbers(secret, "total", np.asarray(found["total"]))
        add_flags(secret, "more", np.asarray(found["more"]).astype(np.int64))
    links = Links(rehearsal.recorder, operator)
    assert len(links.by_label) == 12
    assert links.findings(secret) == {}
    assert max(links.bytes_sent(label) for label in links.by_label if "compute" in label) > 500
    merchant = table_of(rehearsal, parts["merchant"]).to_arrow()
    told = Needles()
    add_numbers(told, "range", np.array([min(merchant["spend"].to_pylist())]))
    assert list(links.findings(told)) == TOLD_RANGES.get(operator, [])


async def test_private_report_opens_no_sum_without_noise(
    rehearsal: TappedRehearsal, parts: dict[str, ObjectRef], secret: Needles
) -> None:
    incomes = np.asarray(table_of(rehearsal, parts["bank"]).to_arrow()["收入"], np.float64)
    high = float(np.ceil(incomes.max()))
    parameters = {"epsilon": "1", "columns": [f"收入:0:{high}"]}
    done = await rehearsal_step(rehearsal, "private_report", THREE, {"table": parts}, parameters)
    links = Links(rehearsal.recorder, "private_report")
    assert len(links.by_label) == 12
    add_numbers(secret, "coded", np.rint((incomes - high / 2) / (high / 2) * 2**20))
    assert links.findings(secret) == {}
    (group,) = json.loads(rehearsal.data(done["bank"].outputs["report"]))["groups"]
    found = group["columns"]["收入"]["sum"]
    assert found["standard_error"] > high
    assert found["value"] != pytest.approx(np.clip(incomes, 0, high).sum(), rel=1e-9)


async def test_binning_shares_labels_and_tells_no_count_of_another(
    rehearsal: TappedRehearsal, parts: dict[str, ObjectRef], secret: Needles
) -> None:
    """WOE is worked out and put into rows by each owner at home."""
    done = await rehearsal_step(
        rehearsal, "woe_binning", EVERYBODY, {"table": parts}, {"label": LABEL, "bins": 4}
    )
    assert Links(rehearsal.recorder, "woe_binning").findings(secret) == {}
    recipe = outputs_of(done, "recipe")
    both = {"table": parts, "recipe": {alias: recipe[alias] for alias in parts}}
    changed = await rehearsal_step(rehearsal, "woe_transform", OWNERS, both, {})
    for part in outputs_of(changed, "table").values():
        table = table_of(rehearsal, part).to_arrow()
        for name in table.column_names:
            if table[name].type == "double":
                add_numbers(secret, f"WOE of {name}", np.asarray(table[name]))
    assert Links(rehearsal.recorder, "woe_transform").findings(secret) == {}
    tables = outputs_of(changed, "table")
    given = {"label": LABEL, "solver": "newton", "l2": "0", "rounds": 2}
    trained = await rehearsal_step(
        rehearsal, "logistic_regression", EVERYBODY, {"table": tables}, given
    )
    assert Links(rehearsal.recorder, "logistic_regression").findings(secret) == {}
    fitted = {"model": outputs_of(trained, "model")}
    await rehearsal_step(rehearsal, "coefficients", EVERYBODY, fitted, {})
    assert Links(rehearsal.recorder, "coefficients").findings(secret) == {}
    await rehearsal_step(
        rehearsal, "scorecard", EVERYBODY, {**fitted, "recipe": both["recipe"]}, {}
    )
    assert Links(rehearsal.recorder, "scorecard").findings(secret) == {}
    measured = {"table": tables, **fitted}
    await rehearsal_step(rehearsal, "contribution", THREE, measured, {"label": LABEL})
    assert Links(rehearsal.recorder, "contribution").findings(secret) == {}
    chosen = {"table": parts, "iv": {"bank": outputs_of(done, "report")["bank"]}}
    roles: dict[str, list[Role]] = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
    await rehearsal_step(rehearsal, "select_features", roles, chosen, {"min_iv": "0.01"})
    assert Links(rehearsal.recorder, "select_features").findings(secret) == {}


async def test_own_algorithms_are_fed_with_shares(
    secret: Needles, parts: dict[str, ObjectRef], tmp_path: Path
) -> None:
    needs_sandbox()
    made = package(MANIFEST.replace("maximum: 1000}", "maximum: 2000000}"))
    with listening(tmp_path, package=made.encode().decode()) as rehearsal:
        bank, merchant = (table_of(rehearsal, parts[alias]).to_arrow() for alias in OWNERS)
        given = {
            "algorithm": "burden@1.0.0",
            "fingerprint": made.fingerprint(rehearsal.suite),
            "columns": ["income=bank.收入", "debt=merchant.spend"],
        }
        inputs = {"bank": rehearsal.enter(bank), "merchant": rehearsal.enter(merchant)}
        await rehearsal_step(rehearsal, "algorithm", THREE, {"table": inputs}, given)
        links = Links(rehearsal.recorder, "algorithm")
        assert len(links.by_label) == 12
        assert links.findings(secret) == {}
        alone: dict[str, list[Role]] = {"bank": ["owner", "receiver"]}
        given["columns"] = ["income=bank.收入", "debt=bank.收入"]
        await rehearsal_step(
            rehearsal, "algorithm_plain", alone, {"table": {"bank": inputs["bank"]}}, given
        )
        assert Links(rehearsal.recorder, "algorithm_plain").findings(secret) == {}


async def test_attested_worker_is_fed_with_sealed_columns(
    secret: Needles, parts: dict[str, ObjectRef], tmp_path: Path
) -> None:
    needs_sandbox()
    made = package(MANIFEST.replace("maximum: 1000}", "maximum: 2000000}"))
    accepted = [AttestationPolicy(tee="software", registers={"code": [code_fingerprint()]})]
    with listening(
        tmp_path, package=made.encode().decode(), level=2, policies=accepted
    ) as rehearsal:
        given = {
            "algorithm": "burden@1.0.0",
            "fingerprint": made.fingerprint(rehearsal.suite),
            "columns": ["income=bank.收入", "debt=merchant.spend"],
        }
        inputs = {a: rehearsal.enter(table_of(rehearsal, parts[a]).to_arrow()) for a in OWNERS}
        roles: dict[str, list[Role]] = {
            "bank": ["owner", "receiver"],
            "merchant": ["owner"],
            "compute_1": ["compute"],
        }
        await rehearsal_step(
            rehearsal, "algorithm_tee", roles, {"table": inputs}, given, protocol="software"
        )
        links = Links(rehearsal.recorder, "algorithm_tee")
        assert links.findings(secret) == {}


async def test_recipes_are_applied_and_drift_is_measured_at_home(
    rehearsal: TappedRehearsal, parts: dict[str, ObjectRef], secret: Needles
) -> None:
    done = await rehearsal_step(
        rehearsal, "preprocess", OWNERS, {"table": parts}, {"scale": "standard"}
    )
    Links(rehearsal.recorder, "preprocess")
    both = {"table": parts, "recipe": outputs_of(done, "recipe")}
    await rehearsal_step(rehearsal, "apply_preprocess", OWNERS, both, {})
    assert Links(rehearsal.recorder, "apply_preprocess").findings(secret) == {}
    roles: dict[str, list[Role]] = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
    compared = {"base": parts, "current": parts}
    await rehearsal_step(rehearsal, "psi_stability", roles, compared, {"bins": 4})
    assert Links(rehearsal.recorder, "psi_stability").findings(secret) == {}
