"""Smaller parts of the engine: ports, orphans, faults, evidence values, slots."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from unittest.mock import patch

import pytest
from contract_network import identity_of

from hanse.collaboration.compiler import compile_flow
from hanse.collaboration.engine import evidence
from hanse.collaboration.engine.errors import BadOffer, NodeRestarted, NoFreePort
from hanse.collaboration.engine.evidence import EvidenceWriter, plain
from hanse.collaboration.engine.exchange import endpoint
from hanse.collaboration.engine.faults import PartyFault, fault_of
from hanse.collaboration.engine.listening import choose_ports
from hanse.collaboration.engine.orphans import is_alive, kill_process, start_time
from hanse.collaboration.engine.records import AttemptKey
from hanse.collaboration.engine.report_format import decode_report
from hanse.collaboration.engine.signals import Signals
from hanse.collaboration.engine.slots import Slots
from hanse.collaboration.engine.uninterrupted import uninterrupted
from hanse.collaboration.engine.views import FlowView, StepView
from hanse.compute.errors import NoCommonRows, PeerLost
from hanse.contracts.evidence import rules
from hanse.contracts.evidence.types import EvidenceItem
from hanse.contracts.flows.types import FlowRecord, SpecRecord
from hanse.core import canonical
from hanse.core.errors import HanseError


# -- listening --------------------------------------------------------------------------------
def free_range(size: int) -> int:
    """Start of a range of ports that can be bound now, below those the system gives out."""
    for first in range(21_000, 31_000, size):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + size):
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free range")


def test_ports_come_from_the_declared_range_and_are_given_once():
    first = free_range(4)
    used: set[int] = set()
    for _ in range(2):
        ports = choose_ports("127.0.0.1", first, first + 3, ["data", "compute"], used)
        assert not used & set(ports.values())
        used |= set(ports.values())
    assert used == set(range(first, first + 4))
    with pytest.raises(NoFreePort):
        choose_ports("127.0.0.1", first, first + 3, ["data"], used)


def test_port_that_somebody_else_listens_on_is_passed_over():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(NoFreePort):
            choose_ports("127.0.0.1", taken, taken, ["data"], set())


def test_without_a_range_the_system_chooses():
    ports = choose_ports("127.0.0.1", 0, 0, ["data", "compute"], set())
    assert len(set(ports.values())) == 2
    assert (endpoint("127.0.0.1", 9), endpoint("::1", 9)) == ("127.0.0.1:9", "[::1]:9")


# -- orphans ----------------------------------------------------------------------------------
@pytest.fixture
def process():
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    yield child
    child.kill()
    child.wait()


def test_orphan_is_killed_by_pid_and_start_time(process):
    started = start_time(process.pid)
    assert is_alive(process.pid, started)
    assert kill_process(process.pid, started)
    assert process.wait(60) == -signal.SIGKILL
    assert not is_alive(process.pid, started)
    assert not kill_process(process.pid, started)


def test_another_process_with_the_same_pid_is_left_alone(process):
    assert not kill_process(process.pid, "12345")
    assert not kill_process(process.pid, "")
    assert process.poll() is None


def test_dead_processes_have_no_start_time(process):
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert start_time(process.pid) == "", "a zombie has ended"
    process.wait()
    assert start_time(process.pid) == ""


# -- faults -----------------------------------------------------------------------------------
def test_named_errors_are_reported_with_phase_and_blame():
    fault = fault_of(PeerLost(phase="Share In", blamed="merchant"), "run")
    assert (fault.phase, fault.code, fault.blamed, fault.final) == (
        "share_in", "compute.peer_lost", "merchant", False,
    )  # fmt: skip
    assert fault_of(NoCommonRows("none"), "run").final
    assert not fault_of(NodeRestarted(), "restart").final
    blamed = fault_of(PartyFault(BadOffer("no"), "bank"), "session")
    assert (blamed.blamed, blamed.code, blamed.final) == ("bank", "collaboration.bad_offer", True)


def test_text_of_foreign_errors_stays_at_home():
    fault = fault_of(ValueError("row 7: Jane Doe, 1984"), "run")
    assert "Jane" not in fault.message
    assert (fault.code, fault.phase) == ("collaboration.unexpected", "run")
    assert len(fault_of(NoCommonRows("x" * 2000), "run").message) == 500


# -- evidence ---------------------------------------------------------------------------------
def test_evidence_values_have_a_canonical_form():
    value = plain({"auc": 0.75, "n": 2**60, "列": [1, None, True], "deep": {"a": (1.5,)}})
    assert value["auc"] == "0.75"
    assert value["n"] == str(2**60)
    canonical.encode(value)
    assert len(plain(list(range(10_000)))) == 500
    nested: list[object] = []
    for _ in range(50):
        nested = [nested]
    canonical.encode(plain(nested))


def test_metrics_stay_on_record_when_series_to_draw_are_too_many(setting):
    class Nobody:
        def auditors(self) -> list[str]:
            return []

        def agreement_key(self, did: str) -> None:
            return None

    key = AttemptKey("fl-a", "evaluate", 1)
    writer = EvidenceWriter(setting.net.suite, Nobody(), key, setting.initiator, [])
    series = {f"curve {i}": [[n / 7, n / 3] for n in range(60)] for i in range(40)}
    with patch.object(evidence, "commit", wraps=evidence.commit) as committed:
        writer.add_measures("metric", "metrics.report", {"auc": 0.75, **series})
        writer.add_measures("metric", "metrics.small", {"auc": 0.75, "curve": [[0, 1]]})
    recorded = [call.args[2] for call in committed.call_args_list]
    assert recorded == [{"auc": "0.75"}, {"auc": "0.75", "curve": [[0, 1]]}]


def test_value_too_large_to_record_whole_is_bound_by_its_digest(setting):
    class Members:
        def auditors(self) -> list[str]:
            return [setting.net.did("auditor")] * 100

        def agreement_key(self, did: str) -> tuple[str, bytes]:
            return did + "#key-2", identity_of("auditor").agreement_public

    key = AttemptKey("fl-a", "report", 1)
    writer = EvidenceWriter(setting.net.suite, Members(), key, setting.initiator, [])
    columns = {f"column {i}": {"mean": i / 7, "deviation": i / 3} for i in range(400)}
    writer.add_measures("metric", "metrics.report", columns)
    writer.add_measures("metric", "metrics.small", {"auc": 0.5})
    rules.require_items(
        [
            EvidenceItem(item.name, item.kind, item.commitment, item.envelope)
            for item in writer.items
        ]
    )


def test_reports_are_read_from_json_and_messagepack():
    assert decode_report(b'{"auc": 0.5}') == {"auc": 0.5}
    assert decode_report(b"\x81\xa3auc\x01") == {"auc": 1}
    for wrong in (b"", b"{", b"[1]", b"\xff"):
        with pytest.raises(HanseError):
            decode_report(wrong)


# -- who reads what ---------------------------------------------------------------------------
def test_shares_of_a_model_are_opened_to_nobody(setting):
    spec = compile_flow(setting.text(), setting.directory, setting.initiator)
    pinned = SpecRecord(spec=spec, data={}, payments=[], levels={})
    record = FlowRecord(
        id="fl-a", initiator="", name="", state="STARTED", steps=6, price_points=0, created_ms=0,
        updated_ms=0,
    )  # fmt: skip
    flow = FlowView(setting.net.state, record, spec, pinned)

    def opens(step: str, output: str) -> list[str]:
        view = flow.step(step)
        assert isinstance(view, StepView)
        return [alias for alias in view.parties if view.opens(output, alias)]

    assert opens("train", "model") == []
    assert opens("score", "scores") == ["bank"]
    assert opens("report", "report") == ["bank"]
    assert opens("align", "table") == ["bank", "merchant"]
    score = flow.step("score")
    assert score is not None
    assert score.holders("model") == ["bank", "compute_1", "merchant"]
    assert score.holders("table") == ["bank", "merchant"]


# -- waiting ----------------------------------------------------------------------------------
async def test_uninterrupted_work_ends_before_the_cancellation_counts():
    done: list[str] = []
    enough = asyncio.Event()

    async def work() -> None:
        await enough.wait()
        done.append("work")

    async def caller() -> None:
        await uninterrupted(work())
        done.append("went on")

    task = asyncio.ensure_future(caller())
    for _ in range(3):
        await asyncio.sleep(0.01)
        task.cancel()
    assert not task.done()
    enough.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["work"]


async def test_uninterrupted_work_raises_its_own_error():
    async def work() -> None:
        raise NodeRestarted

    with pytest.raises(NodeRestarted):
        await uninterrupted(work())


async def test_waiting_for_a_signal_does_not_swallow_a_cancellation():
    signals = Signals()

    async def loop() -> None:
        while True:
            await signals.wait(5)

    for _ in range(20):
        task = asyncio.ensure_future(loop())
        await asyncio.sleep(0)
        signals.notify()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=60)
        assert done


async def test_older_attempt_gets_in_when_younger_ones_only_wait():
    slots = Slots(1)
    await slots.acquire("young", (-5, 2, "b", "s"))
    await asyncio.wait_for(slots.acquire("old", (-5, 1, "a", "s")), 60)
    assert slots.held == 2
    waiting = asyncio.ensure_future(slots.acquire("younger", (-5, 3, "c", "s")))
    await asyncio.sleep(0.02)
    assert (waiting.done(), slots.waiting) == (False, 1)
    await slots.start("young", (-5, 2, "b", "s"))
    await slots.release("old")
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await slots.release("young")
    await asyncio.wait_for(waiting, 60)


async def test_cancelled_wait_leaves_the_queue():
    slots = Slots(1)
    await slots.acquire("a", (-5, 1, "a", "s"))
    await slots.start("a", (-5, 1, "a", "s"))
    waiting = asyncio.ensure_future(slots.acquire("b", (-5, 2, "b", "s")))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (slots.waiting, slots.held) == (0, 1)
