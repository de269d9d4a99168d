"""A validator that lies loses its power, by the reports other nodes send by themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bft_network import require_engine

from hanse.cli.demo.network import DemoNetwork, running, wait_same_state
from hanse.sdk.waiting import wait_until

pytestmark = pytest.mark.faults

LYING_NODE = Path(__file__).parent.parent / "support" / "lying_node.py"
KINDS = {"states falsehoods": "bad_extension", "proposes garbage": "bad_proposal"}


@pytest.mark.parametrize("lie", KINDS)
def test_lying_validator_is_expelled(tmp_path: Path, lie: str) -> None:
    require_engine()
    network = DemoNetwork(tmp_path, ledger="cometbft")
    with running(network):
        network.create()
        network.start()
        network.admit()
        liar, operator = network.nodes["auditor"], network.nodes["operator"].client()
        honest_program = liar.program
        liar.kill()
        liar.program = [sys.executable, str(LYING_NODE), lie]
        liar.start()
        liar.wait_ready()

        def voting() -> set[str]:
            # Something has to be decided for a liar to lie about it.
            operator.points.issue(network.nodes["bank"].did, 1)
            return {validator.did for validator in operator.validators.list().items}

        left = wait_until(
            voting, lambda dids: liar.did not in dids, what="the expulsion", timeout_s=240.0
        )
        assert left == {network[org].did for org in network.validators} - {liar.did}
        reports = operator.validators.reports(offender=liar.did).items
        assert {report.kind for report in reports} == {KINDS[lie]}
        assert len({report.reporter for report in reports}) >= 2
        liar.kill()
        liar.program = honest_program
        liar.start()
        liar.wait_ready()
        wait_same_state(network)
