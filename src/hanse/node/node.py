"""A running node: what it is made of, and how it starts and stops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hanse.core.errors import HanseError
from hanse.identity.holder import Identity
from hanse.ledger.genesis import Genesis
from hanse.node.background import Background
from hanse.node.errors import ApplicationRejected, NoNetwork, NotAdmittedYet, StillStarting
from hanse.node.host import Host
from hanse.node.membership.applicant import Applicant
from hanse.node.membership.keeper import CredentialKeeper
from hanse.node.network import Network, open_network
from hanse.node.observability.logs import logger
from hanse.node.users.accounts import Accounts
from hanse.node.users.tokens import Tokens
from hanse.node.validator import is_preset_validator

_log = logger("node")
LAST_ANCHOR_TIMEOUT_S = 5.0
_CLEANING_S = 600.0


@dataclass
class Node:
    """Built by `hanse.node.wiring`; nothing in it is global.

    Attributes:
        genesis: of the network, or None while the home belongs to none.
        network: everything that needs a ledger; None until there is one.
        applicant: the application for membership, at members' nodes.
        stopping: set when the process was asked to end; long polls answer at once then.
    """

    host: Host
    accounts: Accounts
    tokens: Tokens
    genesis: Genesis | None
    applicant: Applicant | None
    network: Network | None = None
    background: Background = field(default_factory=Background)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def identity(self) -> Identity:
        """DID and keys of the organisation."""
        return self.host.identity

    async def start(self) -> None:
        """Open the ledger, or begin to apply for membership."""
        self.background.start("cleaning", self._clean)
        if self.genesis is None:
            _log.info("node.started", did=self.identity.did, network="none")
            return
        admitted = self.applicant is None or self.applicant.is_admitted
        if admitted or is_preset_validator(self.genesis, self.identity.did):
            # Preset validators order blocks before there is anybody to admit them.
            await self._enter(self.genesis)
        if not admitted:
            self.background.start("membership", self._join)
        _log.info("node.started", did=self.identity.did, network=self.genesis.name)

    async def stop(self) -> None:
        """Anchor the audit log, stop every part, close every file."""
        if self.network is not None:
            try:
                async with asyncio.timeout(LAST_ANCHOR_TIMEOUT_S):
                    await self.network.anchoring.anchor(LAST_ANCHOR_TIMEOUT_S)
            except TimeoutError:
                _log.warning("audit.anchor_failed", code="timeout")
        await self.background.stop()
        if self.network is not None:
            await self.network.close()
        await self.host.http.close()
        self.host.database.close()
        _log.info("node.stopped")

    def require_network(self) -> Network:
        """What needs a ledger.

        Raises:
            NoNetwork: the home belongs to none.
            ApplicationRejected: the operator said no.
            NotAdmittedYet: the operator has not decided.
            StillStarting: it is being opened.
        """
        if self.network is not None:
            return self.network
        if self.genesis is None:
            raise NoNetwork()
        if self.applicant is not None and not self.applicant.is_admitted:
            if self.applicant.status.state == "REJECTED":
                raise ApplicationRejected(self.applicant.status.reason)
            raise NotAdmittedYet()
        raise StillStarting()

    async def _join(self) -> None:
        assert self.applicant is not None
        assert self.genesis is not None
        try:
            await self.applicant.run()
        except ApplicationRejected as error:
            _log.error("membership.rejected", reason=error.message)
            return
        if self.network is None:
            await self._enter(self.genesis)
        else:
            self._keep_credential(self.network)

    async def _enter(self, genesis: Genesis) -> None:
        network = await open_network(self.host, genesis)
        try:
            await network.start(self.background)
        except BaseException:
            await network.close()
            raise
        self.network = network
        if self.applicant is not None and self.applicant.is_admitted:
            self._keep_credential(network)

    def _keep_credential(self, network: Network) -> None:
        assert self.applicant is not None
        keeper = CredentialKeeper(
            self.applicant,
            self.host.wallet,
            self.identity,
            network.resolver,
            network.ledger,
            self.host.clock,
        )
        self.background.start("credential", keeper.run)

    async def _clean(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.tokens.remove_expired)
            except HanseError as error:
                _log.warning("node.cleaning_failed", code=error.code)
            await asyncio.sleep(_CLEANING_S)
