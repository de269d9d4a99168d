"""A network of one validator grows to two and shrinks again, by the commands of its operators."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from bft_network import require_engine
from network_harness import WAIT_S, MemberPlan, RunningNode, SmallNetwork

from hanse.cli.main import main
from hanse.core.ports import free_ports
from hanse.ledger.bft.engine.binary import VARIABLE
from hanse.node.bootstrap import create_network
from hanse.sdk.waiting import wait_until


class Office:
    """An administrator's command line at one node."""

    def __init__(self, node: RunningNode, folder: Path) -> None:
        self.node = node
        own = {"HANSE_CONFIG": str(folder / f"{node.key}-cli.json")}
        own["HANSE_PASSWORD"] = node.passwords["admin"]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HANSE_")}
        self.environment = {**kept, **own}

    def hanse(self, *arguments: str) -> Any:
        """What a command prints."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main([*arguments, "--json"])
        assert code == 0, err.getvalue()
        return json.loads(out.getvalue()) if out.getvalue().strip() else None

    def login(self) -> None:
        self.hanse("login", self.node.url, "--user", "admin")

    def powers(self) -> dict[str, int]:
        """Who votes on the next block."""
        page = self.hanse("validators", "list")
        return {item["did"]: item["power"] for item in page["items"]}

    def signers(self, transaction: str) -> set[str]:
        """Who certified the block of a transaction, as its proof says."""
        proof = self.hanse("ledger", "prove", transaction)
        return {item["did"] for item in proof["certificate"]["signatures"]}


def engine_environment(**settings: str) -> dict[str, str]:
    program = {VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}
    return program | {f"HANSE_ENGINE__{name}": value for name, value in settings.items()}


def prepared(root: Path, **settings: str) -> tuple[SmallNetwork, list[int]]:
    """Two homes, both prepared to order, the operator's as the only validator; none runs."""
    http_1, http_2, *engines = free_ports(5)
    nodes = {
        "operator": RunningNode("operator", root / "operator", http_1),
        "bank": RunningNode("bank", root / "bank", http_2),
    }
    for node, port in zip(nodes.values(), engines, strict=False):
        node.environment = engine_environment(**settings)
        node.init(node.key, "sm")
        office = Office(node, root)
        office.hanse("node", "validator", "--home", str(node.home), "--port", str(port))
    create_network(nodes["operator"].home, name="test")
    return SmallNetwork(root, nodes), engines


@pytest.mark.faults
def test_network_grows_to_two_validators_and_shrinks_again(tmp_path: Path) -> None:
    require_engine()
    network, (first, port, moved) = prepared(tmp_path)
    operator, bank = network["operator"], network["bank"]
    both, alone = {operator.did: 1, bank.did: 1}, {operator.did: 1}
    try:
        operator.start()
        network.join(MemberPlan("bank", ["data_consumer"]))
        network.admit(["bank"])
        theirs, ours = Office(operator, tmp_path), Office(bank, tmp_path)
        theirs.login()
        ours.login()

        # The newcomer replayed the chain, and is registered as an observer.
        assert ours.hanse("ledger", "status")["role"] == "participant"
        ours.hanse("validators", "register", f"127.0.0.1:{port}", "--name", "bank-1")
        assert ours.powers() == alone

        # One of one decides; from then on both sign what either of them sends.
        theirs.hanse("validators", "vote", bank.did, "1", "--yes")
        expect_powers([theirs, ours], both)
        sent = ours.hanse("validators", "vote", bank.did, "1", "--yes")
        assert theirs.signers(sent["transaction"]) == set(both)

        # Its engine moves to another port: set, started again, told to the others.
        bank.stop()
        ours.hanse("node", "validator", "--home", str(bank.home), "--port", str(moved))
        bank.start()
        ours.hanse("validators", "register", f"127.0.0.1:{moved}", "--name", "bank-1")
        known = {n["did"]: n["address"] for n in theirs.hanse("validators", "nodes")["items"]}
        assert known[bank.did] == f"127.0.0.1:{moved}"

        # Both wish it out. The other goes on alone, and the one that left keeps following.
        for office in (theirs, ours):
            office.hanse("validators", "vote", bank.did, "0", "--yes")
        expect_powers([theirs, ours], alone)
        bank.kill()
        name = theirs.hanse("validators", "register", f"127.0.0.1:{first}", "--name", "renamed")
        assert theirs.signers(name["transaction"]) == set(alone)
        bank.start()
        network.sync()
        gone = ours.hanse("validators", "deregister", "--yes")
        assert ours.signers(gone["transaction"]) == set(alone)
    finally:
        network.stop()


@pytest.mark.faults
def test_follower_becomes_an_observer_and_is_voted_in(tmp_path: Path) -> None:
    require_engine()
    http_1, http_2, first, port = free_ports(4)
    operator = RunningNode("operator", tmp_path / "operator", http_1)
    bank = RunningNode("bank", tmp_path / "bank", http_2)
    network = SmallNetwork(tmp_path, {"operator": operator, "bank": bank})
    for node in (operator, bank):
        node.environment = engine_environment()
        node.init(node.key, "sm")
    theirs, ours = Office(operator, tmp_path), Office(bank, tmp_path)
    theirs.hanse("node", "validator", "--home", str(operator.home), "--port", str(first))
    create_network(operator.home, name="test")
    both = {operator.did: 1, bank.did: 1}
    try:
        operator.start()
        network.join(MemberPlan("bank", ["data_consumer"]))
        network.admit(["bank"], sync=False)
        theirs.login()
        ours.login()
        assert ours.hanse("ledger", "status")["role"] == "follower"
        # It has executed blocks that its engine will not have.
        height = bank.client().ledger.status().height
        assert height > 0
        bank.stop()
        ours.hanse("node", "validator", "--home", str(bank.home), "--port", str(port))
        bank.start()
        assert bank.client().ledger.wait_height(height, timeout_s=WAIT_S).role == "participant"
        ours.hanse("validators", "register", f"127.0.0.1:{port}", "--name", "bank-1")
        network.sync()
        theirs.hanse("validators", "vote", bank.did, "1", "--yes")
        expect_powers([theirs, ours], both)
        sent = ours.hanse("validators", "vote", bank.did, "1", "--yes")
        assert theirs.signers(sent["transaction"]) == set(both)
    finally:
        network.stop()


def expect_powers(offices: list[Office], powers: dict[str, int]) -> None:
    for office in offices:
        wait_until(office.powers, lambda found: found == powers, what="the set", timeout_s=WAIT_S)


@pytest.mark.faults
def test_member_joins_by_a_snapshot_and_is_voted_in(tmp_path: Path) -> None:
    require_engine()
    network, (first, port, _) = prepared(tmp_path, SNAPSHOT_INTERVAL="5", JOIN_BY="snapshot")
    operator, bank = network["operator"], network["bank"]
    both = {operator.did: 1, bank.did: 1}
    try:
        operator.start()
        theirs, ours = Office(operator, tmp_path), Office(bank, tmp_path)
        theirs.login()
        names = iter(range(100))
        while len(theirs.hanse("ledger", "snapshot", "list")["items"]) < 2:
            theirs.hanse(
                "validators", "register", f"127.0.0.1:{first}", "--name", f"op-{next(names)}"
            )
        network.join(MemberPlan("bank", ["data_consumer"]))
        network.admit(["bank"])
        ours.login()
        status = ours.hanse("ledger", "status")
        assert (status["role"], status["base"] > 5) == ("participant", True)

        # It takes part like any other: registers, votes, proves from the genesis.
        ours.hanse("validators", "register", f"127.0.0.1:{port}", "--name", "bank-1")
        theirs.hanse("validators", "vote", bank.did, "1", "--yes")
        expect_powers([theirs, ours], both)
        sent = ours.hanse("validators", "vote", bank.did, "1", "--yes")
        assert ours.signers(sent["transaction"]) == set(both)

        # Started again, it goes on from there.
        bank.stop()
        bank.start()
        network.sync()
        assert ours.hanse("ledger", "status")["base"] == status["base"]
    finally:
        network.stop()
