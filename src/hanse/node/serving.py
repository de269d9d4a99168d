"""Services wired to this node: keys, tables, metrics; and what a node sees to before it signs."""

from __future__ import annotations

from hanse.collaboration.engine import Engine
from hanse.collaboration.services import Book, Models, ServiceHost
from hanse.collaboration.services.errors import TableNeeded
from hanse.compute.worker.request import ObjectRef
from hanse.contracts.identity.queries import LedgerResolver
from hanse.contracts.identity.types import KEYS
from hanse.core.errors import HanseError
from hanse.data.vault import Vault
from hanse.ledger.ledger import Ledger
from hanse.node.data.tables import TableInfo, TableNotReady, Tables
from hanse.node.host import Host


class LedgerKeys:
    """`Keys`: signing keys of members, present ones and those a DID had before.

    A ticket is checked live and again by an auditor years later, when its key was rotated.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def signing_key(self, did: str, kid: str) -> bytes:
        """A key of the DID."""
        try:
            return LedgerResolver(self._ledger.state).resolve(did).public_key(kid, "authentication")
        except HanseError:
            record = KEYS.get(self._ledger.state, did, kid.removeprefix(did))
            periods = [] if record is None else record.periods
            for period in periods:
                if "authentication" in period.purposes:
                    return bytes.fromhex(period.public)
            raise


def build_services(
    host: Host, ledger: Ledger, engine: Engine, vault: Vault, tables: Tables
) -> ServiceHost:
    """Make the host of services with this node's parts."""

    def table_of(table: str) -> ObjectRef:
        info = ready_table(tables, table)
        location = vault.locate(info.object_id)
        return ObjectRef(
            path=str(location.path),
            key=location.key.hex(),
            kind="table",
            meta={"key_columns": list(info.key_columns)},
        )

    def observe(kind: str, outcome: str, uses: int, seconds: float) -> None:
        host.metrics.service_uses.labels(kind, outcome).inc(uses)
        host.metrics.service_seconds.labels(kind).observe(seconds)

    return ServiceHost(
        engine.context,
        host.identity,
        LedgerKeys(ledger),
        Book(host.home.journal / "services.sqlite"),
        table_of,
        observe,
    )


def ready_table(tables: Tables, table: str) -> TableInfo:
    """A table that can be read.

    Raises:
        NoSuchTable, TableNotReady.
    """
    info = tables.get(table)
    if info.state != "READY" or info.profile is None:
        raise TableNotReady()
    return info


def require_table(models: Models, tables: Tables, place: tuple[str, str, str], table: str) -> None:
    """Refuse to serve a model without the table this party's part needs.

    Raises:
        TableNeeded: no table is named, or it lacks key columns or columns of the model.
        ModelNotFound: this node holds no part.
        NoSuchTable, TableNotReady.
    """
    part = models.read(*place)
    wanted = [] if part is None else models.columns(part)
    if not wanted:
        return
    if not table:
        raise TableNeeded("this party has columns in the model: " + ", ".join(wanted[:20]))
    info = ready_table(tables, table)
    have = {column.name for column in info.profile.columns} if info.profile else set()
    missing = [name for name in wanted if name not in have]
    if missing or not info.key_columns:
        what = f"the column {missing[0]!r}" if missing else "key columns"
        raise TableNeeded(f"the table lacks {what}")
