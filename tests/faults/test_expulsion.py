"""A validator that breaks the protocol loses its power, by what other nodes send by themselves."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from bft_network import require_engine
from twin_node import lying, twin_of

from hanse.api.validators import FaultReportView
from hanse.cli.demo.network import DemoNetwork, running, wait_same_state
from hanse.cli.demo.process import DemoNode
from hanse.ledger.genesis import decode_genesis, encode_genesis
from hanse.ledger.validators import ACTIVATION_DELAY
from hanse.sdk.waiting import wait_until

pytestmark = pytest.mark.faults

EXPELLED = "ValidatorExpelled"
LIES = {
    "states falsehoods": "bad_extension",
    "proposes garbage": "bad_proposal",
    "proposes wrong certificates": "bad_certificate",
}


@pytest.mark.parametrize("lie", LIES)
def test_lying_validator_is_expelled(tmp_path: Path, lie: str) -> None:
    with admitted(tmp_path) as network:
        liar = network.nodes["auditor"]
        honest_program = liar.program
        liar.kill()
        liar.program = lying(lie)
        liar.start()
        liar.wait_ready()
        expelled(network, liar, "ReportFault")
        assert kinds(network, liar) == {LIES[lie]}
        assert reporters(network, liar) >= 2
        liar.kill()
        liar.program = honest_program
        observes(network, liar)


def test_equivocating_validator_is_expelled_by_the_engines_evidence(tmp_path: Path) -> None:
    """Two copies of one home vote; one against what the other votes for."""
    with admitted(tmp_path) as network:
        liar = network.nodes["auditor"]
        with running_twice(liar, tmp_path, "refuses everything"):
            expelled(network, liar, "ReportFault")
        assert kinds(network, liar) == {"equivocation"}
        assert reporters(network, liar) >= 2
        observes(network, liar)


def test_validator_that_states_two_things_of_a_block_is_convicted_by_its_signatures(
    tmp_path: Path,
) -> None:
    """Reports do not expel in this network: the two statements alone do."""
    with admitted(tmp_path, expel_on_reports=False) as network:
        liar = network.nodes["auditor"]
        with running_twice(liar, tmp_path, "states falsehoods"):
            expelled(network, liar, "ProveEquivocation")
        assert "equivocation" in kinds(network, liar)
        observes(network, liar)


@contextmanager
def admitted(root: Path, expel_on_reports: bool = True) -> Iterator[DemoNetwork]:
    """The demo's network with four validators, everybody admitted."""
    require_engine()
    network = DemoNetwork(root / "network", ledger="cometbft")
    with running(network):
        network.create()
        set_rule(network, expel_on_reports)
        network.start()
        network.admit()
        yield network


def set_rule(network: DemoNetwork, expel_on_reports: bool) -> None:
    """Write whether reports expel into the genesis, before anybody has begun with it."""
    genesis = decode_genesis(network.genesis_file.read_bytes())
    validators = dict(genesis.initial["validators"])
    validators["parameters"] |= {"expel_on_reports": expel_on_reports}
    initial = genesis.initial | {"validators": validators}
    changed = encode_genesis(msgspec.structs.replace(genesis, initial=initial))
    for file in (network.genesis_file, network.nodes["operator"].home / "genesis.json"):
        file.write_bytes(changed)


@contextmanager
def running_twice(node: DemoNode, folder: Path, lie: str) -> Iterator[None]:
    """A validator and a lying copy of it, both voting."""
    node.stop()
    twin = twin_of(node, folder / "twin", lie)
    node.start()
    twin.start()
    try:
        node.wait_ready()
        twin.wait_ready()
        yield
    finally:
        twin.stop()


def expelled(network: DemoNetwork, liar: DemoNode, action: str) -> None:
    """Wait until a transaction of that kind took the liar's power, and check from which block."""
    operator = network.nodes["operator"].client()

    def heights() -> list[int]:
        # Something has to be decided for a liar to lie about it.
        operator.points.issue(network.nodes["bank"].did, 1)
        decided = operator.ledger.transactions(contract="validators", subject=liar.did).items
        return [
            tx.height
            for tx in decided
            if tx.action == action and EXPELLED in {event.name for event in tx.events}
        ]

    (height,) = wait_until(heights, bool, what="the expulsion", timeout_s=240.0)
    out = height + ACTIVATION_DELAY
    operator.points.issue(network.nodes["bank"].did, 1)
    operator.ledger.wait_height(out)
    everybody = {network[org].did for org in network.validators}
    assert voters(network, out - 1) == everybody
    assert voters(network, out) == everybody - {liar.did}


def voters(network: DemoNetwork, height: int) -> set[str]:
    """Who votes on a block, by the contract and by the engine alike."""
    operator = network.nodes["operator"].client()
    decided = operator.validators.list(height=height).items
    engine = json.loads(operator.ledger.ask_engine("validators", height=height))
    keys = {b64decode(v["pub_key"]["value"]).hex() for v in engine["result"]["validators"]}
    assert keys == {v.engine_public for v in decided}
    return {v.did for v in decided}


def kinds(network: DemoNetwork, liar: DemoNode) -> set[str]:
    return {report.kind for report in reports(network, liar)}


def reporters(network: DemoNetwork, liar: DemoNode) -> int:
    return len({report.reporter for report in reports(network, liar)})


def reports(network: DemoNetwork, liar: DemoNode) -> list[FaultReportView]:
    return network.nodes["operator"].client().validators.reports(offender=liar.did).items


def observes(network: DemoNetwork, liar: DemoNode) -> None:
    """Honest again, it follows what the others decide, without a vote."""
    liar.stop()
    liar.start()
    liar.wait_ready()
    network.nodes["operator"].client().points.issue(network.nodes["bank"].did, 1)
    wait_same_state(network)
