"""The member's own role credential: fetched, verified, kept, and fetched anew when it changes.

The ledger names the credential of a member by its digest. Whenever that is none of those held
here, there is one to be fetched: after admission, and after the issuer rotated its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from hanse.contracts.identity.queries import get_member
from hanse.core.errors import HanseError
from hanse.identity.credentials import StatusValue, read_credential, verify_credential
from hanse.identity.did import Resolver
from hanse.identity.holder import Identity
from hanse.ledger.block import Block
from hanse.node.clock import Clock
from hanse.node.ledger_client import LedgerReader
from hanse.node.membership.applicant import Applicant
from hanse.node.membership.registry import LedgerCredentials
from hanse.node.membership.wallet import Wallet, credential_hash
from hanse.node.observability.logs import logger

_log = logger("node.membership")
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0


class _Held(LedgerCredentials):
    """A suspended credential is its holder's all the same: the suspension may be lifted."""

    def status(self, status_list: str, index: int) -> StatusValue:
        """Value of a bit, where a suspension does not count."""
        value = super().status(status_list, index)
        return replace(value, is_set=value.is_set and value.purpose != "suspension")


class CredentialKeeper:
    """Keeps the credential that the ledger names.

    Args:
        applicant: fetches from the operator's node.
        wallet: holds it.
        identity: this node's organisation.
        resolver: gives DID documents as the ledger has them now.
        ledger: committed blocks and state.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        applicant: Applicant,
        wallet: Wallet,
        identity: Identity,
        resolver: Callable[[], Resolver],
        ledger: LedgerReader,
        clock: Clock,
    ) -> None:
        self._applicant = applicant
        self._wallet = wallet
        self._identity = identity
        self._resolver = resolver
        self._ledger = ledger
        self._clock = clock

    async def run(self) -> None:
        """Look now and at every change of the own membership, for ever."""
        start = self._ledger.height + 1
        await self._obtain()
        async for block in self._ledger.blocks(start):
            if self._concerns(block):
                await self._obtain()

    async def _obtain(self) -> None:
        """Return once the credential is here; an operator that is away is waited for."""
        pause = FIRST_PAUSE_S
        while await asyncio.to_thread(self._is_missing):
            try:
                await self._fetch()
            except HanseError as error:
                # The ledger may not be here yet; anything else stays visible in the log.
                _log.info("membership.credential_later", code=error.code)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _is_missing(self) -> bool:
        member = get_member(self._ledger.state, self._identity.did)
        held = self._wallet.list_held()
        if not held or member is None or not member.credential:
            return not held
        return member.credential not in {credential_hash(self._identity.suite, t) for t in held}

    async def _fetch(self) -> None:
        token = await self._applicant.fetch_credential(self._resolver())
        credential = verify_credential(
            self._identity.suite,
            self._resolver(),
            _Held(self._ledger.state),
            token,
            self._clock(),
            holder=self._identity.did,
        )
        await asyncio.to_thread(self._keep, token)
        _log.info("membership.credential_kept", credential=credential.id)

    def _keep(self, token: str) -> None:
        """Keep it in place of the one it renews: that has the same entries in the status lists."""
        new = self._wallet.hold(token)
        for held in self._wallet.list_held():
            old = read_credential(self._identity.suite, held)
            if old.id != new.id and (old.issuer, old.status) == (new.issuer, new.status):
                self._wallet.forget(old.id)

    def _concerns(self, block: Block) -> bool:
        return any(
            event.contract == "identity" and event.data.get("did") == self._identity.did
            for receipt in block.receipts
            for event in receipt.events
        )
