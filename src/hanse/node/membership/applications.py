"""Membership applications at the operator's node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, insert, select, update

from hanse.contracts.identity.messages import RegisterMember
from hanse.core.errors import HanseError, RateLimitError
from hanse.core.ids import random_id
from hanse.crypto.suite import Suite
from hanse.identity.did import DidDocument, verify_registration
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import applications
from hanse.node.errors import ApplicationDecided, BadApplication, NoSuchApplication
from hanse.node.services import NODE_SERVICE

MAXIMUM_PENDING = 1_000
OPEN = ("PENDING", "ADMITTED")


class TooManyApplications(RateLimitError):
    """More applications wait than the operator wants to look at."""

    code = "node.too_many_applications"


@dataclass(frozen=True)
class ApplicationInfo:
    """An application as stored. ``credential`` is the id of the credential issued."""

    id: str
    number: int
    did: str
    name: str
    roles: tuple[str, ...]
    controller: str
    details: str
    document: DidDocument
    proof: str
    state: str
    reason: str
    credential: str
    created_ms: int
    decided_ms: int


class Applications:
    """Takes applications and remembers decisions.

    Args:
        database: the node's.
        suite: the network's; checks proofs.
        clock: UTC milliseconds.
    """

    def __init__(self, database: Database, suite: Suite, clock: Clock = now_ms) -> None:
        self._database = database
        self._suite = suite
        self._clock = clock

    def submit(
        self,
        document: dict[str, Any],
        proof: str,
        name: str,
        roles: list[str],
        controller: str,
        details: str,
    ) -> ApplicationInfo:
        """Take an application after checking its proof.

        Applying again with an application open gives that one, so a node may repeat itself.

        Raises:
            BadApplication: malformed, no endpoint, or the proof does not hold.
            TooManyApplications: too many wait.
        """
        message = self._check(document, proof, name, roles, controller)
        did = message.document.id
        with self._database.write() as connection:
            self._database.serialise(connection, applications)
            known = select(applications).where(
                applications.c.did == did, applications.c.state.in_(OPEN)
            )
            found = connection.execute(known).mappings().first()
            if found is not None:
                return _info(found)
            waiting = select(func.count()).where(applications.c.state == "PENDING")
            if connection.execute(waiting).scalar_one() >= MAXIMUM_PENDING:
                raise TooManyApplications()
            last = connection.execute(select(func.max(applications.c.number))).scalar()
            values = {
                "id": random_id("ap"),
                "number": (last or 0) + 1,
                "did": did,
                "name": name,
                "roles": ",".join(roles),
                "controller": controller,
                "details": details,
                "document": msgspec.json.encode(message.document).decode(),
                "proof": proof,
                "state": "PENDING",
                "reason": "",
                "credential": "",
                "created_ms": self._clock(),
                "decided_ms": 0,
            }
            connection.execute(insert(applications).values(values))
            row = connection.execute(select(applications).where(applications.c.id == values["id"]))
            return _info(row.mappings().one())

    def get(self, application: str) -> ApplicationInfo:
        """One application; raises NoSuchApplication."""
        query = select(applications).where(applications.c.id == application)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchApplication()
        return _info(row)

    def pending(self, application: str) -> ApplicationInfo:
        """One application that waits; raises ApplicationDecided otherwise."""
        info = self.get(application)
        if info.state != "PENDING":
            raise ApplicationDecided(f"the application is {info.state}")
        return info

    def page(self, *, before: int | None, limit: int, state: str = "") -> list[ApplicationInfo]:
        """Newest first; one more than ``limit`` tells that a page follows."""
        query = select(applications).order_by(applications.c.number.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(applications.c.number < before)
        if state:
            query = query.where(applications.c.state == state)
        with self._database.read() as connection:
            return [_info(row) for row in connection.execute(query).mappings()]

    def decide(
        self, application: str, state: str, *, reason: str = "", credential: str = ""
    ) -> ApplicationInfo:
        """Record the decision; raises ApplicationDecided when there is one already."""
        values = {
            "state": state,
            "reason": reason,
            "credential": credential,
            "decided_ms": self._clock(),
        }
        with self._database.write() as connection:
            changed = connection.execute(
                update(applications)
                .where(applications.c.id == application, applications.c.state == "PENDING")
                .values(values)
            )
            if changed.rowcount != 1:
                raise ApplicationDecided()
        return self.get(application)

    def replace_credential(self, old: str, new: str) -> None:
        """Hand out another credential than before to whoever applied for it."""
        with self._database.write() as connection:
            row = applications.c.credential == old
            connection.execute(update(applications).where(row).values(credential=new))

    def _check(
        self, document: dict[str, Any], proof: str, name: str, roles: list[str], controller: str
    ) -> RegisterMember:
        values = {
            "document": document,
            "proof": proof,
            "name": name,
            "roles": roles,
            "controller": controller,
        }
        try:
            message = msgspec.convert(values, RegisterMember)
            verify_registration(self._suite, message.document, bytes.fromhex(proof))
        except (msgspec.ValidationError, HanseError, ValueError) as error:
            raise BadApplication(str(error)) from error
        if not message.document.endpoint(NODE_SERVICE):
            raise BadApplication("the document names no endpoint of the node")
        return message


def _info(row: RowMapping) -> ApplicationInfo:
    return ApplicationInfo(
        id=row["id"],
        number=row["number"],
        did=row["did"],
        name=row["name"],
        roles=tuple(row["roles"].split(",")),
        controller=row["controller"],
        details=row["details"],
        document=msgspec.json.decode(row["document"], type=DidDocument),
        proof=row["proof"],
        state=row["state"],
        reason=row["reason"],
        credential=row["credential"],
        created_ms=row["created_ms"],
        decided_ms=row["decided_ms"],
    )
