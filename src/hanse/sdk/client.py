"""The client: one object per node, one attribute per area."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from hanse.core.errors import HanseError
from hanse.sdk.algorithms import AlgorithmsArea
from hanse.sdk.catalogue import CatalogueArea, OperatorsArea
from hanse.sdk.data import DataArea
from hanse.sdk.evidence import AuditArea, EvidenceArea
from hanse.sdk.flows import FlowsArea
from hanse.sdk.grants import GrantsArea
from hanse.sdk.identity import IdentityArea
from hanse.sdk.issuers import IssuersArea
from hanse.sdk.ledger import LedgerArea
from hanse.sdk.members import ApplicationsArea, CredentialsArea, MembersArea
from hanse.sdk.models import ModelsArea
from hanse.sdk.node import NodeArea
from hanse.sdk.peer import PeerArea
from hanse.sdk.points import PointsArea
from hanse.sdk.privacy import PrivacyArea
from hanse.sdk.rights import RightsArea
from hanse.sdk.services import ServicesArea
from hanse.sdk.session import SessionArea, TokensArea, UsersArea
from hanse.sdk.templates import TemplatesArea
from hanse.sdk.transport import Transport
from hanse.sdk.upkeep import UpkeepArea
from hanse.sdk.validators import ValidatorsArea


class Client:
    """A node, spoken to with a token or as a user.

    With ``username`` and ``password`` the client logs in at the first call that needs it, again
    when the session has ended, and logs out when closed. Safe to use from several threads.

    Example:
        ``with Client("http://127.0.0.1:8701", token=token) as bank: bank.node.show()``
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        username: str = "",
        password: str = "",
        timeout_s: float = 30.0,
        ca_file: Path | None = None,
    ) -> None:
        self._token = token
        self._credentials = (username, password) if username and not token else None
        self._logged_in = False
        self._login = threading.Lock()
        self._transport = Transport(
            url, self._bearer, self._renew, timeout_s=timeout_s, ca_file=ca_file
        )
        self.url = self._transport.url
        self.session = SessionArea(self._transport)
        self.users = UsersArea(self._transport)
        self.tokens = TokensArea(self._transport)
        self.node = NodeArea(self._transport)
        self.applications = ApplicationsArea(self._transport)
        self.members = MembersArea(self._transport)
        self.identity = IdentityArea(self._transport)
        self.issuers = IssuersArea(self._transport)
        self.credentials = CredentialsArea(self._transport)
        self.ledger = LedgerArea(self._transport)
        self.upkeep = UpkeepArea(self._transport)
        self.data = DataArea(self._transport)
        self.catalogue = CatalogueArea(self._transport)
        self.operators = OperatorsArea(self._transport)
        self.algorithms = AlgorithmsArea(self._transport)
        self.grants = GrantsArea(self._transport)
        self.models = ModelsArea(self._transport)
        self.services = ServicesArea(self._transport)
        self.rights = RightsArea(self._transport)
        self.templates = TemplatesArea(self._transport)
        self.flows = FlowsArea(self._transport)
        self.points = PointsArea(self._transport)
        self.privacy = PrivacyArea(self._transport)
        self.validators = ValidatorsArea(self._transport)
        self.evidence = EvidenceArea(self._transport)
        self.audit = AuditArea(self._transport)
        self.peer = PeerArea(self._transport)

    def use_token(self, token: str) -> None:
        """Go on with another token (a peer's token runs out and is renewed)."""
        self._token = token

    def close(self) -> None:
        """Log out of a session this client opened, and close the connections."""
        if self._logged_in:
            # Best effort: the session ends by itself when the node is away.
            with contextlib.suppress(HanseError):
                self.session.logout()
            self._logged_in = False
            self._token = ""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bearer(self) -> str:
        with self._login:
            if not self._token and self._credentials is not None:
                self._token = self.session.login(*self._credentials).token
                self._logged_in = True
            return self._token

    def _renew(self, refused: str) -> bool:
        """Forget a session that ended; the next request logs in again."""
        with self._login:
            if self._logged_in and self._token == refused:
                self._token = ""
            return self._logged_in
