"""The operator's decision: credential, registration on the ledger, handing over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from hanse.contracts.identity.messages import RegisterMember, SetMemberRoles
from hanse.contracts.identity.queries import get_member
from hanse.identity.credentials import read_credential
from hanse.identity.holder import Identity
from hanse.identity.messages import pack
from hanse.ledger.contract.state import StateReader
from hanse.node.errors import BadApplication, NotOperator
from hanse.node.ledger_client import Submitter
from hanse.node.membership.applications import ApplicationInfo, Applications
from hanse.node.membership.issuer import Issuer
from hanse.node.membership.wallet import Wallet, credential_hash

CREDENTIAL_MESSAGE = "hanse/credential/1"


class Admission:
    """Admits applicants.

    Args:
        identity: the operator's.
        applications: what was asked.
        issuer: issues the role credential.
        wallet: keeps a copy of it.
        submitter: registers on the ledger.
        state: present state of the ledger.
    """

    def __init__(
        self,
        identity: Identity,
        applications: Applications,
        issuer: Issuer,
        wallet: Wallet,
        submitter: Submitter,
        state: Callable[[], StateReader],
    ) -> None:
        self._identity = identity
        self._applications = applications
        self._issuer = issuer
        self._wallet = wallet
        self._submitter = submitter
        self._state = state
        self._lock = asyncio.Lock()

    async def admit(
        self, application: str, roles: Sequence[str] | None, valid_until_ms: int | None
    ) -> ApplicationInfo:
        """Issue the credential, register the member, note the decision, in that order.

        A crash in between leaves the application pending; admitting again completes it.

        Raises:
            NoSuchApplication, ApplicationDecided, NotOperator.
            HanseError: the ledger's refusal; the application stays pending.
        """
        self.require_operator()
        async with self._lock:
            wanted = await asyncio.to_thread(self._applications.pending, application)
            granted = list(roles or wanted.roles)
            details = {"name": wanted.name, "controller": wanted.controller}
            token = await self._issuer.issue(wanted.did, granted, details, valid_until_ms)
            await self._register(wanted, granted, credential_hash(self._identity.suite, token))
            credential = read_credential(self._identity.suite, token)
            return await asyncio.to_thread(
                self._applications.decide, application, "ADMITTED", credential=credential.id
            )

    async def reject(self, application: str, reason: str) -> ApplicationInfo:
        """Note a rejection; raises NoSuchApplication, ApplicationDecided."""
        self.require_operator()
        await asyncio.to_thread(self._applications.pending, application)
        return await asyncio.to_thread(
            self._applications.decide, application, "REJECTED", reason=reason
        )

    def sealed_credential(self, info: ApplicationInfo) -> bytes:
        """The credential, signed by us and sealed to the applicant; made afresh at each call."""
        _, token = self._wallet.find(info.credential)
        return pack(self._identity, info.document, CREDENTIAL_MESSAGE, {"credential": token})

    def require_operator(self) -> None:
        """Raise NotOperator unless this node's organisation is an active operator."""
        member = get_member(self._state(), self._identity.did)
        if member is None or member.state != "ACTIVE" or "operator" not in member.roles:
            raise NotOperator()

    async def _register(self, wanted: ApplicationInfo, roles: list[str], credential: str) -> None:
        known = get_member(self._state(), wanted.did)
        common = {"roles": roles, "controller": wanted.controller, "credential": credential}
        message: RegisterMember | SetMemberRoles
        try:
            if known is None:
                document = msgspec.to_builtins(wanted.document)
                values = {
                    "document": document, "proof": wanted.proof, "name": wanted.name, **common
                }  # fmt: skip
                message = msgspec.convert(values, RegisterMember)
            else:
                message = msgspec.convert({"did": wanted.did, **common}, SetMemberRoles)
        except msgspec.ValidationError as error:
            raise BadApplication(str(error)) from error
        await self._submitter.submit("identity", message)
