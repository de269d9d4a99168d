"""Credentials issued anew: whatever the moment a first attempt broke off, another completes it."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network, identity_of

from hanse.contracts.identity.messages import RemoveMember, RotateKey, SetMemberRoles
from hanse.contracts.identity.queries import LedgerResolver, get_member
from hanse.core import canonical
from hanse.core.errors import UnavailableError
from hanse.identity.credentials import is_signed_now, read_credential
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.node.membership.applications import Applications
from hanse.node.membership.issuer import Issuer
from hanse.node.membership.reissue import Reissue
from hanse.node.membership.wallet import Wallet, credential_hash


class Ledger:
    """Takes the operator's transactions; fails when told to, before or after they count."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.fails = ""

    async def submit(self, contract: str, message: Message) -> Receipt:
        if self.fails == "before":
            raise UnavailableError
        outcome = self.net.send("operator", message)
        if self.fails == "after":
            raise UnavailableError
        return Receipt(tx="00" * 32, ok=True, events=outcome.events)


class Setting:
    """An operator that issued credentials to three members and then rotated its key."""

    def __init__(self, database: Any, clock: Any) -> None:
        self.net = Network()
        self.ledger = Ledger(self.net)
        self.clock = clock
        first = identity_of("operator")
        self.identity = first.with_new_signing_key()  # the shared one stays as it is
        self.before = first
        suite = self.net.suite
        self.wallet = Wallet(database, suite, b"w" * suite.key_bytes, clock)
        self.applications = Applications(database, suite, clock)
        self.issuer = Issuer(first, database, self.wallet, self.ledger, clock)
        self.reissue = Reissue(
            suite,
            Issuer(self.identity, database, self.wallet, self.ledger, clock),
            self.wallet,
            self.applications,
            self.ledger,
            lambda: self.net.state,
            clock,
        )

    async def admit(self, name: str) -> str:
        did = self.net.did(name)
        token = await self.issuer.issue(did, ["data_provider"], {"name": name})
        digest = credential_hash(self.net.suite, token)
        await self.ledger.submit("identity", SetMemberRoles(did, ["data_provider"], "", digest))
        return token

    def rotate(self) -> None:
        public, proof = self.identity.signing_public.hex(), self.identity.prove_rotation().hex()
        self.net.send("operator", RotateKey("#key-1", public, proof))

    def named(self, name: str) -> str:
        member = get_member(self.net.state, self.net.did(name))
        assert member is not None
        return member.credential


@pytest.fixture
def setting(database: Any, clock: Any) -> Setting:
    return Setting(database, clock)


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_what_broke_off_is_completed_and_nothing_is_issued_twice(
    setting: Setting, fails: str
) -> None:
    old = [await setting.admit(name) for name in ("bank", "merchant")]
    setting.rotate()
    setting.ledger.fails = fails
    with pytest.raises(UnavailableError):
        await setting.reissue.run()
    setting.ledger.fails = ""
    await setting.reissue.run()
    issued = setting.wallet.list_issued()
    assert len(issued) == 2
    assert not set(issued) & set(old)
    resolver = LedgerResolver(setting.net.state)
    assert all(is_signed_now(setting.net.suite, resolver, token) for token in issued)
    named = {setting.named("bank"), setting.named("merchant")}
    assert named == {credential_hash(setting.net.suite, token) for token in issued}
    entries = [read_credential(setting.net.suite, token).status for token in (*old, *issued)]
    assert canonical.encode(entries[:2]) == canonical.encode(entries[2:])
    assert await setting.reissue.run() == []


async def test_credentials_of_those_who_left_and_expired_ones_are_passed_over(
    setting: Setting,
) -> None:
    bank, merchant = [await setting.admit(name) for name in ("bank", "merchant")]
    setting.rotate()
    setting.net.send("operator", RemoveMember(setting.net.did("bank"), "left"))
    assert len(await setting.reissue.run()) == 1
    assert bank in setting.wallet.list_issued()
    assert merchant not in setting.wallet.list_issued()


async def test_expired_credentials_are_not_revived(setting: Setting) -> None:
    old = await setting.admit("bank")
    setting.rotate()
    setting.clock.now_ms = read_credential(setting.net.suite, old).valid_until_ms
    assert await setting.reissue.run() == []
    assert setting.wallet.list_issued() == [old]
