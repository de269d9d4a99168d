"""Credentials this node holds, and copies of those it issued: sealed in the database."""

from __future__ import annotations

from sqlalchemy import Table, delete, insert, select

from hanse.core import canonical
from hanse.crypto.suite import Suite
from hanse.identity.credentials import Credential, read_credential
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import held_credentials, issued_credentials
from hanse.node.errors import NoSuchCredential
from hanse.node.sealing import Sealer


def credential_hash(suite: Suite, token: str) -> str:
    """What the ledger keeps of a member's credential: a digest of the signed token.

    The token holds a random id and a signature, so its digest cannot be guessed.
    """
    return suite.hash(canonical.tagged("hanse/credential/1", token.encode("ascii"))).hex()


class Wallet:
    """Held and issued credentials.

    Args:
        database: the node's.
        suite: reads credentials and seals them.
        key: wallet key.
        clock: UTC milliseconds.
    """

    def __init__(self, database: Database, suite: Suite, key: bytes, clock: Clock = now_ms) -> None:
        self._database = database
        self._suite = suite
        self._sealer = Sealer(suite, key, "credential")
        self._clock = clock

    def hold(self, token: str) -> Credential:
        """Keep a credential that was verified; keeping it again changes nothing."""
        credential = read_credential(self._suite, token)
        values = {
            "id": credential.id,
            "issuer": credential.issuer,
            "sealed": self._sealer.seal(credential.id, token.encode("ascii")),
            "received_ms": self._clock(),
        }
        self._keep(held_credentials, values)
        return credential

    def issued(self, token: str) -> Credential:
        """Keep a copy of a credential this node issued."""
        credential = read_credential(self._suite, token)
        values = {
            "id": credential.id,
            "subject": credential.subject,
            "sealed": self._sealer.seal(credential.id, token.encode("ascii")),
            "issued_ms": self._clock(),
        }
        self._keep(issued_credentials, values)
        return credential

    def list_held(self) -> list[str]:
        """Tokens held, oldest first."""
        return self._tokens(held_credentials, "received_ms")

    def list_issued(self) -> list[str]:
        """Tokens issued, oldest first."""
        return self._tokens(issued_credentials, "issued_ms")

    def forget(self, credential_id: str) -> None:
        """Drop a credential that was issued anew; one that is not here is no matter."""
        with self._database.write() as connection:
            for table in (held_credentials, issued_credentials):
                connection.execute(delete(table).where(table.c.id == credential_id))

    def find(self, credential_id: str) -> tuple[str, str]:
        """Side (``held`` or ``issued``) and token; raises NoSuchCredential."""
        for side, table in (("held", held_credentials), ("issued", issued_credentials)):
            with self._database.read() as connection:
                query = select(table.c.sealed).where(table.c.id == credential_id)
                sealed = connection.execute(query).scalar_one_or_none()
            if sealed is not None:
                return side, self._sealer.open(credential_id, bytes(sealed)).decode("ascii")
        raise NoSuchCredential()

    def _keep(self, table: Table, values: dict[str, object]) -> None:
        with self._database.write() as connection:
            known = select(table.c.id).where(table.c.id == values["id"])
            if connection.execute(known).scalar_one_or_none() is None:
                connection.execute(insert(table).values(values))

    def _tokens(self, table: Table, order: str) -> list[str]:
        with self._database.read() as connection:
            rows = connection.execute(select(table.c.id, table.c.sealed).order_by(order)).all()
        return [self._sealer.open(row[0], bytes(row[1])).decode("ascii") for row in rows]
