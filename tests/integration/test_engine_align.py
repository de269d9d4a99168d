"""Engines of two parties align and split their tables with real workers over mutual TLS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from contract_network import identity_of
from engine_network import Town

from hanse.collaboration.engine import Engine, envelope_context
from hanse.collaboration.engine.records import AttemptKey
from hanse.contracts.evidence.queries import find_evidence
from hanse.contracts.evidence.types import EvidenceItem
from hanse.core.errors import HanseError
from hanse.crypto.commitment import Opening, verify_opening
from hanse.crypto.envelope import open_envelope, recipients_of


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    yield town
    await town.stop()


def engine_of(town: Town, name: str) -> Engine:
    engine = town.parties[name].engine
    assert engine is not None
    return engine


def items(town: Town, flow: str, step: str, name: str) -> dict[str, EvidenceItem]:
    record = find_evidence(town.chain.net.state, flow, step, 1, town.chain.net.did(name))
    assert record is not None
    return {f"{item.kind}:{item.name}": item for item in record.items}


def opened(town: Town, key: AttemptKey, party: str, item: EvidenceItem, reader: str) -> Opening:
    person = identity_of(reader, town.chain.net.suite_name)
    assert item.envelope is not None
    context = envelope_context(key, town.chain.net.did(party), item.name, item.kind)
    private = person.agreement_private()
    data = open_envelope(
        town.chain.net.suite, item.envelope, person.agreement_kid, private, context=context
    )
    return msgspec.json.decode(data, type=Opening)


async def test_flow_completes_and_everything_about_it_is_on_record(town: Town) -> None:
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert (record.state, record.cause) == ("COMPLETED", "completed"), town.failures()
    assert (town.balance("bank"), town.balance("merchant")) == (900, 100)
    for name in ("bank", "merchant"):
        kept = {(i.step, i.output): i for i in engine_of(town, name).results.list(flow)}
        assert kept["align", "table"].rows == town.common
        assert kept["split", "train"].rows + kept["split", "test"].rows == town.common
        page = engine_of(town, name).results.page(flow, "align", "table", offset=38, limit=5)
        own = {"bank": "age", "merchant": "spend"}[name]
        assert (page.columns, page.rows, len(page.data)) == (["id", own], town.common, 2)
        with pytest.raises(HanseError) as caught:
            engine_of(town, name).results.report(flow, "align", "table")
        assert caught.value.code == "collaboration.result_not_readable"
        with pytest.raises(HanseError) as caught:
            engine_of(town, name).results.find(flow, "align", "nothing")
        assert caught.value.code == "collaboration.result_not_found"
    tables = [
        town.parties[name].vault.open_table(
            engine_of(town, name).results.find(flow, "align", "table").object_id
        )
        for name in ("bank", "merchant")
    ]
    ids = [table.to_arrow(["id"])["id"].to_pylist() for table in tables]
    assert ids[0] == ids[1]
    assert sorted(ids[0]) == [f"cust#{i:04d}" for i in range(10, 50)]
    _check_evidence(town, flow)
    _check_what_was_said(town)


def _check_evidence(town: Town, flow: str) -> None:
    align, split = items(town, flow, "align", "bank"), items(town, flow, "split", "bank")
    assert set(align) == {
        "input:left", "output:table", "parameters:parameters", "algorithm:algorithm",
        "count:counts",
    }  # fmt: skip
    pinned = town.view(flow).pinned.data["applications"]
    assert align["input:left"].commitment == pinned.commitment
    assert split["input:table"].commitment == align["output:table"].commitment
    key = AttemptKey(flow, "align", 1)
    suite = town.chain.net.suite
    for reader in ("auditor", "bank"):
        opening = opened(town, key, "bank", align["output:table"], reader)
        verify_opening(suite, align["output:table"].commitment, opening)
        assert opening.value["rows"] == town.common
    algorithm = opened(town, key, "bank", align["algorithm:algorithm"], "merchant")
    assert algorithm.value["operator"] == "align"
    assert town.chain.net.did("merchant") + "#key-2" not in recipients_of(
        align["output:table"].envelope or {}
    )
    with pytest.raises(HanseError):
        opened(town, AttemptKey(flow, "align", 2), "bank", align["output:table"], "auditor")


def _check_what_was_said(town: Town) -> None:
    said = json.dumps([body for _, _, body in town.hub.sent])
    said += json.dumps([event.data for event in town.chain.net.events])
    for row in range(60):
        assert f"cust#{row:04d}" not in said
    assert "PRIVATE KEY" not in said


async def test_two_flows_between_the_same_parties_at_once_both_complete(town: Town) -> None:
    for party in town.parties.values():
        party.settings = {"max_tasks": 1}
    await town.start()
    flows = [town.deploy() for _ in range(2)]
    for flow in flows:
        record = await town.ended(flow)
        assert record.state == "COMPLETED", town.failures()
    assert (town.balance("bank"), town.balance("merchant")) == (800, 200)
    assert town.failures() == []


async def test_step_too_large_for_a_node_is_refused_with_the_figure_before_it_starts(
    town: Town,
) -> None:
    town.parties["merchant"].settings = {"memory_bytes": 100 << 20}
    await town.start()
    record = await town.ended(town.deploy())
    assert record.state == "TERMINATED"
    assert "collaboration.memory_needed" in str(town.failures())
    assert (town.balance("bank"), town.balance("merchant")) == (1_000, 0)


async def test_flow_is_discarded_only_after_its_end(town: Town) -> None:
    await town.start()
    flow = town.deploy()
    engine = engine_of(town, "bank")
    with pytest.raises(HanseError) as caught:
        engine.discard(flow)
    assert caught.value.code == "collaboration.flow_still_runs"
    await town.ended(flow)
    await town.until(lambda: len(engine.results.list(flow)) == 3 and engine.running == 0)
    assert engine.discard(flow) == 3
    assert engine.results.list(flow) == []
    vault = town.parties["bank"].vault
    assert [info.name for info in vault.list_objects()] == ["bank"]
