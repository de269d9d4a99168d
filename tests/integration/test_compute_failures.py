"""What goes wrong in a session ends it at every party with the same named error."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from hanse.compute import errors
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.compute.worker import FirstByte, Progress, WorkerProcess, WorkerRequest
from hanse.core.errors import HanseError

PAIR: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner"]}
TWO: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
}
THREE: dict[str, list[Role]] = {**TWO, "helper": ["compute"]}
KEYS = {"left_key": "id", "right_key": "id"}
LONG_S = 240  # for a loaded machine; nothing waits this long where all is well


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, deadline_ms=LONG_S * 1000)


def table(ids: range, **columns: Any) -> pa.Table:
    return pa.table({"id": [f"u{number}" for number in ids], **columns})


def codes(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {a: o.error.code if o.error else "" for a, o in outcomes.items()}


def left_over(rehearsal: Rehearsal) -> list[str]:
    parts = [p for p in rehearsal.folder.glob("*/*/*/*") if p.is_file()]
    return [p.name for p in parts if p.parent.name in {"scratch", "out"}]


@pytest.mark.parametrize(
    ("left", "right", "parameters", "code"),
    [
        (table(range(9)), table(range(50, 60)), KEYS, "compute.no_common_rows"),
        (
            table(range(9)),
            pa.table({"id": pa.array([None, ""], pa.string())}),
            KEYS,
            "compute.no_common_rows",
        ),
        (table(range(9)), table(range(9)), {**KEYS, "right_key": "nr"}, "compute.no_such_column"),
        (
            pa.table({"id": ["a", "A "]}),
            table(range(9)),
            {**KEYS, "case": "lower"},
            "compute.duplicate_keys",
        ),
        (
            table(range(9)),
            table(range(9)),
            {**KEYS, "key_type": "integer"},
            "compute.bad_parameter",
        ),
    ],
)
async def test_align_refused_at_both_owners_by_the_same_name(
    rehearsal: Rehearsal, left: Any, right: Any, parameters: dict[str, object], code: str
) -> None:
    inputs = {
        "left": {"bank": rehearsal.enter(left)},
        "right": {"merchant": rehearsal.enter(right)},
    }
    done = await rehearsal.run("align", PAIR, inputs, parameters)
    assert codes(done) == {"bank": code, "merchant": code}
    assert left_over(rehearsal) == []
    logs = "".join(path.read_text() for path in rehearsal.folder.glob("*/*/worker.log"))
    assert "u3" not in logs


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (np.ones(40), "compute.one_class_label"),
        (np.arange(40), "compute.bad_label"),
        (np.array(["yes", "no"] * 20), "compute.bad_label"),
    ],
)
async def test_bad_label_is_told_to_all_before_anything_leaves(
    rehearsal: Rehearsal, label: Any, code: str
) -> None:
    inputs = {
        "table": {
            "bank": rehearsal.enter(pa.table({"a": np.arange(40.0), "y": label})),
            "merchant": rehearsal.enter(pa.table({"b": np.arange(40.0)})),
        }
    }
    done = await rehearsal.run("logistic_regression", THREE, inputs, {"label": "y"})
    assert codes(done) == dict.fromkeys(THREE, code)
    for alias, outcome in done.items():
        assert outcome.failure is not None
        assert outcome.failure.phase == "check"
        assert outcome.failure.blamed == ("" if alias == "bank" else "bank")
        assert not any(isinstance(event, FirstByte) for event in outcome.events)


@pytest.mark.parametrize(
    ("operator", "bank", "merchant", "parameters", "code"),
    [
        ("logistic_regression", {"a": 40}, {"b": 40}, {"label": "y"}, "compute.no_such_column"),
        ("logistic_regression", {"y": 40}, {"y": 40}, {"label": "y"}, "compute.ambiguous_column"),
        ("logistic_regression", {"y": 40}, {"b": 41}, {"label": "y"}, "compute.rows_differ"),
        (
            "logistic_regression",
            {"y": 40},
            {"b": 40},
            {"label": "y", "exclude": ["b"]},
            "compute.no_features",
        ),
        ("logistic_regression", {"y": 9}, {"b": 9}, {"label": "y"}, "compute.too_few_rows"),
        (
            "logistic_regression",
            {"y": 4000},
            {"b": 4000},
            {
                "label": "y",
                "epochs": 200,
                "batch_size": 8,
                "learning_rate": "1",
                "momentum": "0.95",
            },
            "compute.out_of_range",
        ),
        ("summary", {"a": 40}, {"b": 40}, {"columns": ["c"]}, "compute.no_such_column"),
    ],
)
async def test_inputs_that_do_not_fit_together_are_refused_everywhere(
    rehearsal: Rehearsal,
    operator: str,
    bank: dict[str, int],
    merchant: dict[str, int],
    parameters: dict[str, object],
    code: str,
) -> None:
    def made(columns: dict[str, int]) -> pa.Table:
        return pa.table(
            {
                name: np.arange(rows) % 2 if name == "y" else np.arange(rows) * 1.0
                for name, rows in columns.items()
            }
        )

    inputs = {
        "table": {"bank": rehearsal.enter(made(bank)), "merchant": rehearsal.enter(made(merchant))}
    }
    done = await rehearsal.run(operator, THREE, inputs, parameters)
    assert codes(done) == dict.fromkeys(THREE, code)


async def test_changed_input_foreign_code_and_wrong_protocol_are_refused(
    rehearsal: Rehearsal,
) -> None:
    held = rehearsal.enter(table(range(30)))
    altered = msgspec.structs.replace(held, digest="00" * 32)
    inputs = {"left": {"bank": altered}, "right": {"merchant": held}}
    done = await rehearsal.run("align", PAIR, inputs, KEYS)
    assert set(codes(done).values()) == {"compute.input_changed"}
    inputs = {"left": {"bank": held}, "right": {"merchant": held}}
    done = await rehearsal.run("align", PAIR, inputs, KEYS, code="00" * 32)
    assert set(codes(done).values()) == {"compute.code_differs"}
    done = await rehearsal.run(
        "summary", THREE, {"table": {"bank": held, "merchant": held}}, protocol="semi2k"
    )
    assert set(codes(done).values()) == {"compute.refused_protocol"}


async def test_model_does_not_open_among_other_computing_nodes(rehearsal: Rehearsal) -> None:
    rows = np.arange(60)
    inputs = {
        "bank": rehearsal.enter(pa.table({"a": rows * 1.0, "y": rows % 2})),
        "merchant": rehearsal.enter(pa.table({"b": np.sin(rows)})),
    }
    trained = await rehearsal.run(
        "logistic_regression", THREE, {"table": inputs}, {"label": "y", "epochs": 1}
    )
    models = outputs_of(trained, "model")
    turned = {alias: THREE[alias] for alias in ("helper", "merchant", "bank")}
    done = await rehearsal.run("predict", turned, {"model": models, "table": inputs})
    assert set(codes(done).values()) == {"compute.bad_input"}


async def all_in(workers: dict[str, WorkerProcess], phase: str) -> None:
    """Wait until every party has said that it is in this phase."""
    await asyncio.gather(*(next_event(worker, phase) for worker in workers.values()))


async def next_event(worker: WorkerProcess, phase: str) -> None:
    async for event in worker.events():
        if isinstance(event, Progress) and event.phase == phase:
            return
    raise AssertionError(f"{phase} was not reached")


def long_training(rehearsal: Rehearsal) -> tuple[dict[str, Any], dict[str, object]]:
    rng = np.random.default_rng(3)
    inputs = {
        "table": {
            "bank": rehearsal.enter(
                pa.table({"a": rng.normal(size=3000), "y": rng.integers(0, 2, 3000)})
            ),
            "merchant": rehearsal.enter(pa.table({"b": rng.normal(size=3000)})),
        }
    }
    return inputs, {"label": "y", "epochs": 200, "batch_size": 100, "learning_rate": "0.01"}


async def test_party_killed_in_training_is_named_by_the_others_and_phase(
    rehearsal: Rehearsal,
) -> None:
    inputs, parameters = long_training(rehearsal)
    async with rehearsal.started("logistic_regression", THREE, inputs, parameters) as workers:
        await all_in(workers, "train")
        pid = workers["helper"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        for alias in ("bank", "merchant"):
            with pytest.raises(errors.PeerLost) as caught:
                await asyncio.wait_for(workers[alias].wait(), LONG_S)
            assert (caught.value.blamed, caught.value.phase) == ("helper", "train")
        with pytest.raises(HanseError) as crashed:
            await workers["helper"].wait()
        assert crashed.value.code == "compute.memory_exceeded"
    assert left_over(rehearsal) == []


async def test_cancelled_task_says_so_and_leaves_nothing(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.compute.worker.process.CANCEL_GRACE_S", LONG_S)
    inputs, parameters = long_training(rehearsal)
    async with rehearsal.started("logistic_regression", THREE, inputs, parameters) as workers:
        await all_in(workers, "train")
        await workers["bank"].cancel()
        with pytest.raises(errors.Cancelled):
            await workers["bank"].wait()
        failure = workers["bank"].failure
        assert failure is not None
        assert failure.phase == "train", "said by the worker itself, which nobody had to kill"
        with pytest.raises(errors.PeerLost):
            await asyncio.wait_for(workers["helper"].wait(), LONG_S)
    assert left_over(rehearsal) == []


async def test_party_that_never_comes_is_named(rehearsal: Rehearsal) -> None:
    rehearsal = Rehearsal(rehearsal.folder, connect_timeout_ms=1_500)
    held = rehearsal.enter(table(range(30)))
    inputs = {"left": {"bank": held}, "right": {"merchant": held}}
    request = rehearsal.requests("align", PAIR, inputs, KEYS)["bank"]
    failure = await end_of(request)
    assert (failure.code, getattr(failure, "blamed", "")) == ("compute.peer_lost", "merchant")


async def test_memory_limit_and_deadline_end_a_task_by_name(rehearsal: Rehearsal) -> None:
    for limits, code in (
        ({"memory_limit_bytes": 32 << 20}, "compute.memory_exceeded"),
        ({"deadline_ms": 1_500}, "compute.timed_out"),
    ):
        limited = Rehearsal(rehearsal.folder / code, **limits)
        held = limited.enter(table(range(30)))
        inputs = {"left": {"bank": held}, "right": {"merchant": held}}
        failure = await end_of(limited.requests("align", PAIR, inputs, KEYS)["bank"])
        assert failure.code == code


async def test_certificate_of_another_task_is_not_trusted(rehearsal: Rehearsal) -> None:
    held = rehearsal.enter(table(range(30)))
    inputs = {"left": {"bank": held}, "right": {"merchant": held}}
    limited = Rehearsal(rehearsal.folder / "x", connect_timeout_ms=3_000)
    expected = limited.requests("align", PAIR, inputs, KEYS)
    foreign = limited.requests("align", PAIR, inputs, KEYS)["merchant"]
    party = msgspec.structs.replace(
        expected["merchant"].manifest.party("merchant"), certificate=foreign.certificate
    )
    manifest = expected["merchant"].manifest
    forged = msgspec.structs.replace(
        expected["merchant"],
        manifest=msgspec.structs.replace(manifest, parties=[manifest.party("bank"), party]),
        certificate=foreign.certificate,
        private_key=foreign.private_key,
    )
    ends = await asyncio.gather(end_of(expected["bank"]), end_of(forged))
    assert {end.code for end in ends} <= {"compute.peer_lost", "compute.link_failed"}


async def end_of(request: WorkerRequest) -> HanseError:
    worker = WorkerProcess()
    await worker.start(request)
    try:
        with pytest.raises(HanseError) as caught:
            await asyncio.wait_for(worker.wait(), LONG_S)
    finally:
        await worker.kill()
    return caught.value
