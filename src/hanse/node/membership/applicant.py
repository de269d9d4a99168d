"""The member's side: apply, wait for the operator, fetch the credential."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

import msgspec

from hanse.api.members import ApplicationView, SubmitApplicationRequest
from hanse.api.peer import ApplicationDecisionView
from hanse.core import canonical
from hanse.core.encoding import unb64url
from hanse.core.errors import UnavailableError, VerificationError
from hanse.identity.did import Resolver
from hanse.identity.holder import Identity
from hanse.identity.messages import unpack
from hanse.identity.replay import MemoryReplayGuard
from hanse.node.errors import ApplicationRejected
from hanse.node.home import NodeHome
from hanse.node.membership.admission import CREDENTIAL_MESSAGE
from hanse.node.observability.logs import logger
from hanse.node.services import node_service
from hanse.node.transport.http import NodeHttp

_log = logger("node.membership")
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0


class WrongCredential(VerificationError):
    """What the operator handed over is no credential for us."""

    code = "node.wrong_credential"
    help = "Ask the operator what it issued."


class Wanted(msgspec.Struct, frozen=True):
    """``application.json``: what is asked for, and how far it went.

    Attributes:
        id: the application's identifier at the operator, empty until it has been handed in.
        admitted: whether the operator has said so; the node follows the ledger from then on.
    """

    name: str
    roles: list[str]
    controller: str = ""
    details: str = ""
    id: str = ""
    admitted: bool = False


@dataclass
class MembershipState:
    """For ``GET /v1/node``."""

    state: Literal["APPLYING", "PENDING", "REJECTED", "MEMBER"]
    reason: str = ""


def read_wanted(home: NodeHome) -> Wanted:
    """What this home's node asks the operator for."""
    return canonical.decode_trusted(home.application_file.read_bytes(), Wanted)


def write_wanted(home: NodeHome, wanted: Wanted) -> None:
    """Replace the file in one step."""
    temporary = home.application_file.with_suffix(".tmp")
    temporary.write_bytes(canonical.encode(wanted))
    temporary.replace(home.application_file)


class Applicant:
    """Applies at the operator's node and polls the decision.

    Args:
        http: connection pool.
        identity: who applies.
        home: remembers the application.
        operator_url: where the operator's node is.
        own_url: where other nodes reach this one.
    """

    def __init__(
        self, http: NodeHttp, identity: Identity, home: NodeHome, operator_url: str, own_url: str
    ) -> None:
        self._http = http
        self._identity = identity
        self._home = home
        self._operator_url = operator_url
        self._own_url = own_url
        self.status = MembershipState("APPLYING")

    @property
    def is_admitted(self) -> bool:
        """Whether the operator said so, now or before a restart."""
        return read_wanted(self._home).admitted

    async def run(self) -> None:
        """Return once admitted; an operator that is away for a while is waited for.

        Raises:
            ApplicationRejected: the operator said no.
            HanseError: the operator refuses the application itself.
        """
        pause = FIRST_PAUSE_S
        while not self.is_admitted:
            try:
                await self._step()
            except UnavailableError as error:
                _log.info("membership.waiting", code=error.code)
            if not self.is_admitted:
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, LONGEST_PAUSE_S)
        self.status = MembershipState("MEMBER")

    async def fetch_credential(self, resolver: Resolver) -> str:
        """The credential as the operator sealed it for us; its signer is checked.

        Args:
            resolver: DID documents of the ledger.

        Raises:
            WrongCredential: it holds something else.
            HanseError: see `hanse.identity.messages.unpack`.
        """
        decision = await self._decision(read_wanted(self._home).id)
        message = await asyncio.to_thread(
            unpack,
            self._identity,
            resolver,
            unb64url(decision.credential),
            MemoryReplayGuard(),
        )
        token = message.body.get("credential")
        if message.type != CREDENTIAL_MESSAGE or not isinstance(token, str):
            raise WrongCredential()
        return token

    async def _step(self) -> None:
        wanted = read_wanted(self._home)
        if not wanted.id:
            wanted = msgspec.structs.replace(wanted, id=await self._apply(wanted))
            write_wanted(self._home, wanted)
            _log.info("membership.applied", application=wanted.id)
        self.status = MembershipState("PENDING")
        decision = await self._decision(wanted.id)
        if decision.state == "REJECTED":
            self.status = MembershipState("REJECTED", decision.reason)
            write_wanted(self._home, msgspec.structs.replace(wanted, id=""))
            raise ApplicationRejected(decision.reason or "the operator gave no reason")
        if decision.state == "ADMITTED":
            write_wanted(self._home, msgspec.structs.replace(wanted, admitted=True))
            _log.info("membership.admitted", application=wanted.id)

    async def _apply(self, wanted: Wanted) -> str:
        document = self._identity.document([node_service(self._own_url)])
        body = SubmitApplicationRequest.model_validate(
            {
                "document": msgspec.to_builtins(document),
                "proof": self._identity.prove_document(document).hex(),
                "name": wanted.name,
                "roles": wanted.roles,
                "controller": wanted.controller,
                "details": wanted.details,
            }
        )
        url = self._operator_url
        return (await self._http.call(url, "applications.submit", ApplicationView, body=body)).id

    async def _decision(self, application: str) -> ApplicationDecisionView:
        return await self._http.call(
            self._operator_url,
            "peer.application",
            ApplicationDecisionView,
            path={"id": application},
        )
