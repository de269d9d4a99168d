"""Issuing credentials anew after the issuer's key was rotated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hanse.contracts.identity.messages import SetMemberRoles
from hanse.contracts.identity.queries import LedgerResolver, get_member
from hanse.crypto.suite import Suite
from hanse.identity.credentials import Credential, is_signed_now, read_credential
from hanse.ledger.contract.state import StateReader
from hanse.node.clock import Clock
from hanse.node.ledger_client import Submitter
from hanse.node.membership.applications import Applications
from hanse.node.membership.issuer import Issuer
from hanse.node.membership.registry import LedgerCredentials
from hanse.node.membership.wallet import Wallet, credential_hash


class Reissue:
    """Replaces the issued credentials that a rotation of the key left without a valid signature.

    Args:
        suite: the network's.
        issuer: signs with the present key.
        wallet: what was issued.
        applications: which credential a member's node is handed when it asks.
        submitter: puts the new credential's digest into the member's record.
        state: present state of the ledger.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        suite: Suite,
        issuer: Issuer,
        wallet: Wallet,
        applications: Applications,
        submitter: Submitter,
        state: Callable[[], StateReader],
        clock: Clock,
    ) -> None:
        self._suite = suite
        self._issuer = issuer
        self._wallet = wallet
        self._applications = applications
        self._submitter = submitter
        self._state = state
        self._clock = clock
        self._lock = asyncio.Lock()

    async def run(self) -> list[str]:
        """Issue anew what is neither revoked nor expired; returns the new tokens.

        The old copy goes last, so after a crash or a refusal another call does the rest.

        Raises:
            HanseError: the ledger's refusal.
        """
        async with self._lock:
            valid, stale = await asyncio.to_thread(self._sorted)
            return [await self._replace(token, valid) for token in stale]

    def _sorted(self) -> tuple[list[str], list[str]]:
        """Tokens whose signature holds, and those to be replaced."""
        resolver, valid, stale = LedgerResolver(self._state()), [], []
        for token in self._wallet.list_issued():
            if is_signed_now(self._suite, resolver, token):
                valid.append(token)
            elif self._is_wanted(read_credential(self._suite, token)):
                stale.append(token)
        return valid, stale

    def _is_wanted(self, credential: Credential) -> bool:
        member = get_member(self._state(), credential.subject)
        if member is None or member.state == "REMOVED":
            return False
        registry = LedgerCredentials(self._state())
        revoked = any(
            registry.status(entry.status_list, entry.index).is_set
            for entry in credential.status
            if entry.purpose == "revocation"
        )
        return not revoked and credential.valid_until_ms - self._clock() >= 1_000

    async def _replace(self, old_token: str, valid: list[str]) -> str:
        old = read_credential(self._suite, old_token)
        begun = [t for t in valid if read_credential(self._suite, t).status == old.status]
        token = begun[0] if begun else await self._issuer.renew(old)
        new = read_credential(self._suite, token)
        await asyncio.to_thread(self._applications.replace_credential, old.id, new.id)
        await self._register(old_token, token, old.subject)
        await asyncio.to_thread(self._wallet.forget, old.id)
        return token

    async def _register(self, old: str, new: str, subject: str) -> None:
        """The ledger names the member's credential by its digest; the member's node reads it."""
        member = get_member(self._state(), subject)
        if member is None or member.credential != credential_hash(self._suite, old):
            return
        order = SetMemberRoles(
            did=subject,
            roles=member.roles,
            controller=member.controller,
            credential=credential_hash(self._suite, new),
        )
        await self._submitter.submit("identity", order)
