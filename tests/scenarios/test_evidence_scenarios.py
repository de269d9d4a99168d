"""Evidence recorded and audit logs anchored; each with those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network

from hanse.contracts.evidence import errors, messages
from hanse.contracts.evidence.invariants import EvidenceBroken, check_evidence
from hanse.contracts.evidence.queries import find_evidence, get_anchor, get_evidence
from hanse.contracts.evidence.recorder import Recorder
from hanse.contracts.evidence.types import EvidenceItem
from hanse.contracts.identity.errors import MemberNotFound, MemberSuspendedError
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.plain import ObjectTooLarge
from hanse.core.canonical import NotCanonical

HEAD, OTHER = "aa" * 32, "bb" * 32
ITEM = EvidenceItem("metric.auc", "metric", HEAD, {"recipients": []})


@pytest.fixture
def net() -> Network:
    return Network()


def test_record_evidence_by_member_stands_in_its_name(net: Network) -> None:
    outcome = net.send("auditor", messages.RecordEvidence("ds-1/finding", [ITEM]))
    evidence = outcome.result.evidence
    record = get_evidence(net.state, evidence)
    assert record is not None
    assert (record.party, record.step, record.items) == (net.did("auditor"), "", [ITEM])
    data = outcome.data("EvidenceRecorded")
    assert (data["names"], data["kinds"], data["commitments"]) == (
        ["metric.auc"],
        ["metric"],
        [HEAD],
    )
    assert "envelope" not in str(data), "sealed parts are not repeated in receipts"
    check_evidence(net.state, evidence)


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([], NotCanonical),
        ([ITEM, ITEM], errors.DuplicateItems),
        ([EvidenceItem("a", "metric", HEAD, {"x": "y" * 40_000})], ObjectTooLarge),
        ([EvidenceItem("0.87", "metric", HEAD)], NotCanonical),
        ([EvidenceItem("a", "metric", "87")], NotCanonical),
        ([EvidenceItem(f"a{n}", "metric", HEAD) for n in range(65)], NotCanonical),
    ],
)
def test_record_malformed_evidence_is_refused(items: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Network().send("auditor", messages.RecordEvidence("x", items))


def test_record_by_unknown_or_suspended_member_is_refused(net: Network) -> None:
    with pytest.raises(MemberNotFound):
        net.send(net.did("nobody"), messages.RecordEvidence("x", [ITEM]))
    net.send("operator", SuspendMember(net.did("bank")))
    with pytest.raises(MemberSuspendedError):
        net.send("bank", messages.RecordEvidence("x", [ITEM]))
    with pytest.raises(MemberSuspendedError):
        net.send("bank", messages.AnchorLog(HEAD, 1))


def test_task_evidence_is_recorded_once_and_never_changed(net: Network) -> None:
    bank = net.did("bank")
    recorder = Recorder(net.context("evidence", bank, [], net.state))
    first = recorder.record("fl-x", "align", 1, bank, [ITEM])
    assert recorder.record("fl-x", "align", 1, bank, [ITEM]) == first
    with pytest.raises(errors.EvidenceDiffers):
        recorder.record("fl-x", "align", 1, bank, [])
    second = recorder.record("fl-x", "align", 2, bank, [])
    assert second != first
    found = find_evidence(net.state, "fl-x", "align", 1, bank)
    assert found is not None
    assert found.id == first
    check_evidence(net.state, first)
    with pytest.raises(EvidenceBroken):
        check_evidence(net.state, "ev-" + "a" * 26)


def test_anchor_log_that_grows_is_numbered(net: Network) -> None:
    net.send("bank", messages.AnchorLog(HEAD, 10))
    outcome = net.send("bank", messages.AnchorLog(OTHER, 11))
    assert outcome.data("LogAnchored")["sequence"] == 2
    anchor = get_anchor(net.state, net.did("bank"))
    assert anchor is not None
    assert (anchor.head, anchor.length) == (OTHER, 11)
    assert net.send("bank", messages.AnchorLog(OTHER, 11)).events == []


def test_anchor_log_that_shrinks_or_differs_is_refused(net: Network) -> None:
    net.send("bank", messages.AnchorLog(HEAD, 10))
    for head, length in ((OTHER, 10), (OTHER, 9)):
        with pytest.raises(errors.LogRewound):
            net.send("bank", messages.AnchorLog(head, length))
    net.send("merchant", messages.AnchorLog(OTHER, 1))
    assert get_anchor(net.state, net.did("auditor")) is None
