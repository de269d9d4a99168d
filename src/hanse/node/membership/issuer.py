"""Issuing role credentials, and their status on the ledger (Bitstring Status List)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from hanse.contracts.identity.messages import CreateStatusList, SetStatus
from hanse.contracts.identity.types import StatusPurpose
from hanse.core.errors import AuthorizationError
from hanse.identity.credentials import Credential, issue_credential
from hanse.identity.holder import Identity
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import status_lists
from hanse.node.ledger_client import Submitter, created_id
from hanse.node.membership.wallet import Wallet

DEFAULT_VALIDITY_MS = 365 * 24 * 3_600_000


class NotTheIssuer(AuthorizationError):
    """Another organisation issued the credential."""

    code = "node.not_the_issuer"
    help = "Only the issuer changes a credential's status."


class Issuer:
    """Issues with the node's identity.

    Args:
        identity: the issuer.
        database: remembers the own status lists and the next free index.
        wallet: keeps copies.
        submitter: writes to the ledger.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        identity: Identity,
        database: Database,
        wallet: Wallet,
        submitter: Submitter,
        clock: Clock = now_ms,
    ) -> None:
        self._identity = identity
        self._database = database
        self._wallet = wallet
        self._submitter = submitter
        self._clock = clock
        self._lock = asyncio.Lock()

    async def issue(
        self,
        subject: str,
        roles: Sequence[str],
        details: dict[str, Any],
        valid_until_ms: int | None = None,
    ) -> str:
        """Issue a credential and keep a copy; returns the token.

        Args:
            subject: DID of the holder.
            roles: roles it names.
            details: further claims.
            valid_until_ms: a year from now when None.

        Raises:
            HanseError: the status lists could not be created.
        """
        async with self._lock:
            revocation = await self._list("revocation")
            suspension = await self._list("suspension")
            index = await asyncio.to_thread(self._take_index)
        now = self._clock()
        token = issue_credential(
            self._identity,
            subject=subject,
            roles=roles,
            details=details,
            status_list=revocation,
            suspension_list=suspension,
            status_index=index,
            valid_from_ms=now,
            valid_until_ms=valid_until_ms or now + DEFAULT_VALIDITY_MS,
        )
        await asyncio.to_thread(self._wallet.issued, token)
        return token

    async def renew(self, credential: Credential) -> str:
        """The same credential under the present signing key; keeps a copy, returns the token.

        Holder, roles, claims, end of validity and entries in the status lists stay: who was
        suspended is suspended still.
        """
        entries = {entry.purpose: entry for entry in credential.status}
        suspension = entries.get("suspension")
        token = issue_credential(
            self._identity,
            subject=credential.subject,
            roles=credential.roles,
            details=credential.details,
            status_list=entries["revocation"].status_list,
            suspension_list=suspension.status_list if suspension else "",
            status_index=entries["revocation"].index,
            valid_from_ms=self._clock(),
            valid_until_ms=credential.valid_until_ms,
            credential_type=credential.type,
        )
        await asyncio.to_thread(self._wallet.issued, token)
        return token

    async def set_status(self, credential: Credential, purpose: StatusPurpose, value: bool) -> None:
        """Revoke, suspend or reinstate.

        Raises:
            NotTheIssuer: the credential is another's.
            HanseError: the ledger's refusal; a revocation is never lifted.
        """
        if credential.issuer != self._identity.did:
            raise NotTheIssuer()
        for entry in credential.status:
            if entry.purpose == purpose:
                message = SetStatus(entry.status_list, entry.index, value)
                await self._submitter.submit("identity", message)

    async def _list(self, purpose: StatusPurpose) -> str:
        known = await asyncio.to_thread(self._known_list, purpose)
        if known:
            return known
        receipt = await self._submitter.submit("identity", CreateStatusList(purpose))
        made = created_id(receipt, "identity", "StatusListCreated", "status_list")
        await asyncio.to_thread(self._note_list, purpose, made)
        return made

    def _known_list(self, purpose: str) -> str:
        query = select(status_lists.c.status_list).where(status_lists.c.purpose == purpose)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def _note_list(self, purpose: str, status_list: str) -> None:
        with self._database.write() as connection:
            values = {"purpose": purpose, "status_list": status_list, "next_index": 0}
            connection.execute(insert(status_lists).values(values))

    def _take_index(self) -> int:
        """A fresh index, the same in both lists; used once even if the node crashes after."""
        with self._database.write() as connection:
            revocation = status_lists.c.purpose == "revocation"
            query = select(status_lists.c.next_index).where(revocation)
            index: int = connection.execute(query).scalar_one()
            changed = update(status_lists).where(revocation)
            connection.execute(changed.values(next_index=index + 1))
        return index
