"""What the parts that need a ledger are handed by the node."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.crypto.suite import Suite
from hanse.identity.holder import Identity
from hanse.node.audit.log import AuditLog
from hanse.node.clock import Clock
from hanse.node.database.engine import Database
from hanse.node.home import NodeHome
from hanse.node.membership.wallet import Wallet
from hanse.node.observability.metrics import Metrics
from hanse.node.secrets import Secrets
from hanse.node.settings import Settings
from hanse.node.transport.http import NodeHttp


@dataclass(frozen=True)
class Host:
    """The parts of a node that exist without a network."""

    settings: Settings
    home: NodeHome
    secrets: Secrets
    suite: Suite
    database: Database
    audit: AuditLog
    wallet: Wallet
    metrics: Metrics
    http: NodeHttp
    clock: Clock

    @property
    def identity(self) -> Identity:
        """DID and keys of the organisation."""
        return self.secrets.identity
