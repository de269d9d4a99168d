"""The system contracts on a real ledger: genesis, signatures, keys by height, a follower."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from contract_network import ROLES, identity_of
from contract_story import PRICE, description, flow_spec

from hanse.contracts.catalogue.messages import PublishDataset
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.queries import get_parameters
from hanse.contracts.identity.messages import RegisterMember, RotateKey
from hanse.contracts.identity.queries import get_member
from hanse.contracts.identity.types import GenesisMember
from hanse.contracts.points.messages import IssuePoints, TransferPoints
from hanse.contracts.points.queries import get_account
from hanse.contracts.points.types import ACCOUNTS
from hanse.contracts.rights.messages import AgreeGrant, RequestGrant, VerifyGrant
from hanse.contracts.system import contract_versions, genesis_messages, system_registry
from hanse.core.errors import HanseError
from hanse.crypto.suite import get_suite
from hanse.identity.holder import Identity
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.ledger.genesis import Genesis, Orderer, genesis_hash
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.ordering.sequencer import Sequencer
from hanse.ledger.transaction import build_transaction


class OnLedger:
    """A network whose operator orders blocks; everybody else sends to it."""

    def __init__(self, suite_name: str) -> None:
        self.suite_name = suite_name
        self.suite = get_suite(suite_name)
        operator = self.person("operator")
        self.ordering_key = self.suite.generate_signing_key()
        document = operator.document()
        member = GenesisMember(
            document, operator.prove_document(document).hex(), "operator", ROLES["operator"]
        )
        self.genesis = Genesis(
            name="test",
            suite=suite_name,
            created_ms=int(time.time() * 1000) - 1_000,
            orderer=Orderer(operator.did, self.suite.signing_public(self.ordering_key).hex()),
            contracts=contract_versions(),
            initial=genesis_messages([member]),
        )
        self.ledger: Ledger

    def person(self, name: str) -> Identity:
        return identity_of(name, self.suite_name)

    def did(self, name: str) -> str:
        return self.person(name).did

    async def open(self, home: Path, role: Sequencer | Follower) -> Ledger:
        ledger = await Ledger.open(home, self.genesis, system_registry(self.suite), role)
        await ledger.start()
        return ledger

    async def send(self, sender: str | Identity, contract: str, message: Message) -> Receipt:
        who = self.person(sender) if isinstance(sender, str) else sender
        chain, now = genesis_hash(self.genesis), int(time.time() * 1000)
        raw = build_transaction(who, chain, contract, message, now_ms=now)
        return await self.ledger.wait_receipt(await self.ledger.submit(raw))

    async def admit(self, name: str) -> None:
        person = self.person(name)
        document = person.document()
        proof = person.prove_document(document).hex()
        message = RegisterMember(document, proof, name, ROLES[name])
        assert (await self.send("operator", "identity", message)).ok


@pytest.mark.parametrize("suite_name", ["sm", "intl"])
async def test_network_admits_rotates_grants_and_deploys(tmp_path: Path, suite_name: str) -> None:
    net = OnLedger(suite_name)
    net.ledger = await net.open(tmp_path / "operator", Sequencer(net.ordering_key))
    follower = await net.open(tmp_path / "follower", Follower(net.ledger))
    try:
        for name in ("bank", "merchant", "compute_1"):
            await net.admit(name)
        assert get_parameters(net.ledger.state).protocols["5"] == ["local"]
        await deploy_flow(net, await rotate_keys(net))
        await follower.wait_receipt((await last(net)).tx)
        assert follower.header(follower.height) == net.ledger.header(net.ledger.height)
        account = get_account(follower.state, net.did("bank"))
        assert account.held_points == PRICE + 10
        proof = await net.ledger.prove_state(ACCOUNTS.key(net.did("bank")))
        assert proof is not None
    finally:
        await follower.close()
        await net.ledger.close()


async def last(net: OnLedger) -> Receipt:
    """One more transaction, to wait for."""
    receipt = await net.send("operator", "points", IssuePoints(net.did("merchant"), 1))
    assert receipt.ok
    return receipt


async def rotate_keys(net: OnLedger) -> Identity:
    """The new key signs from the next block on, the old one no more. Returns who has it."""
    await net.send("operator", "points", IssuePoints(net.did("merchant"), 50))
    old = net.person("merchant")
    fresh = old.with_new_signing_key()
    proof = fresh.prove_rotation().hex()
    rotate = RotateKey("#key-1", fresh.signing_public.hex(), proof)
    assert (await net.send(old, "identity", rotate)).ok
    pay = TransferPoints(net.did("bank"), 5)
    with pytest.raises(HanseError):
        await net.send(old, "points", pay)
    assert (await net.send(fresh, "points", pay)).ok
    assert get_account(net.ledger.state, net.did("merchant")).balance_points == 45
    return fresh


async def deploy_flow(net: OnLedger, merchant: Identity) -> None:
    own = await net.send("bank", "catalogue", PublishDataset(**description()))
    theirs = await net.send(merchant, "catalogue", PublishDataset(**description()))
    assert own.ok
    assert theirs.ok
    dataset = theirs.result["dataset"]
    request = RequestGrant(
        dataset=dataset,
        fields=["id", "spend"],
        purpose="credit-risk",
        operators=description()["operators"],
        not_after_ms=int(time.time() * 1000) + 3_600_000,
    )
    grant = (await net.send("bank", "rights", request)).result["grant"]
    assert (await net.send(merchant, "rights", AgreeGrant(grant))).ok
    assert (await net.send("bank", "rights", VerifyGrant(grant))).ok
    await net.send("operator", "points", IssuePoints(net.did("bank"), 500))
    spec = flow_spec(net, own.result["dataset"], dataset, grant)
    deployed = await net.send("bank", "flows", DeployFlow(spec))
    assert deployed.ok, deployed.message
    assert [event.name for event in deployed.events][-1] == "StepRequested"
    refused = await net.send("bank", "flows", DeployFlow(spec))
    assert (refused.ok, refused.code) == (False, "rights.grant_used_up")
    assert get_member(net.ledger.state, net.did("bank")) is not None
