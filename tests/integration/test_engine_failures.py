"""Failure is a state: everybody sees why, retries together, or ends together."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_network import Town
from odd_workers import CopyWorker, first

from hanse.collaboration.engine.orphans import start_time
from hanse.contracts.flows.messages import RerunFlow, ResumeFlow, SuspendFlow, TerminateFlow
from hanse.contracts.rights.messages import RevokeGrant
from hanse.core.errors import HanseError


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    yield town
    await town.stop()


def workers_of(town: Town) -> list[tuple[int, str]]:
    rows = [
        row
        for party in town.parties.values()
        if party.engine is not None
        for row in party.engine._ctx.journal.workers()
    ]
    return [(row.pid, row.started) for row in rows]


async def running(town: Town, attempts: int = 1) -> list[tuple[int, str]]:
    """Wait until both parties' workers of the last of so many attempts run and have spoken.

    Returns:
        Process id and start time of each.
    """
    await town.until(lambda: len(workers_of(town)) == 2 and spoken(town) == 2 * attempts)
    return workers_of(town)


def phases(town: Town, flow: str) -> list[str]:
    engines = [party.engine for party in town.parties.values() if party.engine is not None]
    return [row.phase for engine in engines for row in engine.results.attempts(flow)]


def spoken(town: Town) -> int:
    engines = [party.engine for party in town.parties.values() if party.engine is not None]
    return sum(
        row.first_byte
        for engine in engines
        for flow in engine.results.flows()
        for row in engine.results.attempts(flow)
    )


def alive(found: list[tuple[int, str]]) -> list[int]:
    return [pid for pid, started in found if start_time(pid) == started]


async def test_crashed_worker_fails_the_attempt_and_all_retry_together(town: Town) -> None:
    town.parties["merchant"].workers = first("crash")
    await town.start()
    flow = town.deploy()
    assert (await town.ended(flow)).state == "COMPLETED"
    assert town.failures()[0] == ("merchant", "run", "compute.worker_crashed")
    align = town.step(flow, "align")
    assert align is not None
    assert (align.attempt, align.failures) == (2, 1)
    assert town.balance("merchant") == 100
    for party in town.parties.values():
        assert party.engine is not None
        kept = party.engine.results.list(flow)
        assert {info.attempt for info in kept if info.step == "align"} == {2}
        assert not list((party.home / "work").rglob("left"))


async def test_error_that_a_retry_cannot_help_ends_the_flow_and_refunds(town: Town) -> None:
    town.parties["bank"].workers = first("refuse")
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert (record.state, record.cause, record.code) == (
        "TERMINATED", "failure", "compute.no_common_rows",
    )  # fmt: skip
    assert town.failures()[0] == ("bank", "match", "compute.no_common_rows")
    assert (town.balance("bank"), town.balance("merchant")) == (1_000, 0)
    await town.until(lambda: not workers_of(town))


async def test_party_to_blame_is_named_by_its_did(town: Town) -> None:
    town.parties["bank"].workers = first("blame")
    await town.start()
    flow = town.deploy()
    await town.ended(flow)
    failed = town.chain.events("AttemptFailed")[0]
    assert failed["blamed"] == [town.parties["merchant"].did]


async def test_hanging_worker_is_ended_by_the_deadline(town: Town) -> None:
    town.parties["merchant"].workers = first("hang", "hang")
    town.parties["bank"].workers = first("hang", "hang")
    await town.start()
    flow = town.deploy(attempts=2)
    found = []
    for attempt in (1, 2):
        found += await running(town, attempt)
        assert not town.view(flow).is_over
        town.chain.advance(121_000)  # beyond the step's deadline
    record = await town.ended(flow)
    assert (record.state, record.code) == ("TERMINATED", "flows.deadline_passed")
    assert [data["retry"] for data in town.chain.events("AttemptFailed")] == [True, False]
    await town.until(lambda: not alive(found) and not workers_of(town))


async def test_terminated_flow_stops_every_worker_and_wipes(town: Town) -> None:
    for party in town.parties.values():
        party.workers = first("hang")
    await town.start()
    flow = town.deploy()
    found = await running(town)
    assert len(alive(found)) == 2
    assert town.chain.send("merchant", TerminateFlow(flow, "changed our mind")).ok
    await town.until(lambda: not alive(found) and set(phases(town, flow)) == {"CANCELLED"})
    assert not workers_of(town)
    record = town.record(flow)
    assert (record.cause, record.reason) == ("party", "changed our mind")
    for party in town.parties.values():
        assert not list((party.home / "work").rglob("left"))


async def test_suspended_flow_stops_and_resumes_with_a_new_attempt(town: Town) -> None:
    for party in town.parties.values():
        party.workers = first("hang")
    await town.start()
    flow = town.deploy()
    found = await running(town)
    assert town.chain.send("bank", SuspendFlow(flow, "pause")).ok
    await town.until(lambda: not alive(found))
    assert town.record(flow).state == "SUSPENDED"
    assert town.chain.send("bank", ResumeFlow(flow)).ok
    assert (await town.ended(flow)).state == "COMPLETED"
    step = town.step(flow, "align")
    assert step is not None
    assert (step.attempt, step.failures) == (2, 0)


async def test_revoked_grant_ends_running_work_everywhere(town: Town) -> None:
    for party in town.parties.values():
        party.workers = first("hang")
    await town.start()
    grant = town.grant()
    flow = town.deploy(town.text(grant))
    found = await running(town)
    assert town.chain.send("merchant", RevokeGrant(grant, "no longer")).ok
    record = await town.ended(flow)
    assert (record.cause, record.code) == ("grant", "rights.grant_revoked")
    await town.until(lambda: not alive(found))
    assert town.balance("merchant") == 0


async def test_node_policy_refuses_before_anything_is_offered(town: Town) -> None:
    merchant = town.parties["merchant"]
    merchant.refused = frozenset({town.parties["bank"].did})
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert record.code == "collaboration.party_not_accepted"
    assert town.failures()[0][:2] == ("merchant", "authorise")
    assert not [sent for sent in town.hub.sent if sent[0] == merchant.did]


async def test_missing_dataset_is_told_to_everybody(town: Town) -> None:
    merchant = town.parties["merchant"]
    merchant.vault.delete(merchant.datasets.known[town.merchant_data].object_id)
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert (record.state, record.code) == ("TERMINATED", "data.no_such_object")


async def test_offer_changed_on_the_way_never_starts_a_worker(town: Town) -> None:
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    altered: list[str] = []

    def alter(sender: str, to: str, body: dict) -> dict:
        if sender == bank.did and (body["step"], body["attempt"]) == ("align", 1):
            altered.append(body["endpoints"]["data"])
            return body | {"endpoints": {"data": "127.0.0.1:9"}}
        return body

    town.hub.alter = alter
    for party in town.parties.values():
        party.workers = CopyWorker
    await town.start()
    flow = town.deploy()
    assert (await town.ended(flow)).state == "COMPLETED"
    assert altered
    assert ("", "session", "flows.manifest_mismatch") in town.failures()
    assert not [
        d for d in town.chain.events("StepStarted") if d["attempt"] == 1 and d["step"] == "align"
    ]
    assert merchant.engine is not None


async def test_offer_for_another_party_is_refused(town: Town) -> None:
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    await town.start()
    merchant.workers = bank.workers = CopyWorker
    town.hub.lose = lambda sender, to: sender == bank.did
    flow = town.deploy()
    await town.until(lambda: bool(town.hub.sent))
    own = next(body for sender, _, body in town.hub.sent if sender == merchant.did)
    handler = town.hub.handlers[(merchant.did, "hanse/session-offer/1")]
    for sender, body, code in [
        (bank.did, own, "collaboration.not_your_offer"),
        (bank.did, own | {"alias": "bank", "chain": "11" * 32}, "collaboration.bad_offer"),
        (bank.did, own | {"alias": "bank", "extra": 1}, "collaboration.bad_offer"),
        (bank.did, own | {"alias": "bank", "attempt": 2}, "collaboration.not_ready"),
        (bank.did, own | {"alias": "bank", "flow": "fl-" + "a" * 26}, "collaboration.not_ready"),
    ]:
        with pytest.raises(HanseError) as caught:
            await handler(sender, body)
        assert caught.value.code == code
    town.hub.lose = lambda sender, to: False
    assert (await town.ended(flow)).state == "COMPLETED"


async def test_offer_with_other_data_than_registered_blames_its_party(town: Town) -> None:
    bank = town.parties["bank"]
    town.hub.alter = lambda sender, to, body: (
        body | {"inputs": {"left": "ab" * 32}} if sender == bank.did else body
    )
    for party in town.parties.values():
        party.workers = CopyWorker
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert record.code == "collaboration.commitment_mismatch"
    failed = town.chain.events("AttemptFailed")[0]
    assert failed["blamed"] == [bank.did]
    assert "left" in failed["message"]


async def test_lost_messages_and_transactions_change_nothing(town: Town) -> None:
    dice = random.Random(7)
    for party in town.parties.values():
        party.workers = CopyWorker
        party.ledger.lose = lambda message: dice.choice(["", "", "before", "after"])
    town.hub.lose = lambda sender, to: dice.random() < 0.5
    await town.start()
    flows = [town.deploy() for _ in range(3)]
    for flow in flows:
        assert (await town.ended(flow)).state == "COMPLETED"
    assert town.balance("merchant") == 300
    assert town.failures() == []


async def test_failed_flow_is_taken_up_again_from_a_step_and_paid_once(town: Town) -> None:
    town.parties["bank"].workers = CopyWorker
    town.parties["merchant"].workers = first("crash")
    await town.start()
    flow = town.deploy(attempts=1)
    assert (await town.ended(flow)).state == "TERMINATED"
    town.parties["merchant"].workers = CopyWorker
    assert town.chain.send("bank", RerunFlow(flow, "align")).ok
    assert (await town.ended(flow)).state == "COMPLETED"
    assert (town.balance("bank"), town.balance("merchant")) == (900, 100)


async def test_offers_are_taken_only_for_declared_ports(town: Town) -> None:
    for party in town.parties.values():
        party.workers = CopyWorker
        party.settings = {"first_port": 23_100, "last_port": 23_163}
    await town.start()
    flows = [town.deploy() for _ in range(4)]
    for flow in flows:
        assert (await town.ended(flow)).state == "COMPLETED"
    ports = [
        int(body["endpoints"]["data"].rsplit(":", 1)[1])
        for _, _, body in town.hub.sent
        if body["endpoints"]
    ]
    assert ports
    assert all(23_100 <= port <= 23_163 for port in ports)
