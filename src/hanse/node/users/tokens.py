"""Bearer tokens of people: sessions and API tokens, stored as hashes only.

A token is 32 random bytes, so an unsalted SHA-256 of it cannot be searched for; the table
is of no use to a reader of the database.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import RowMapping, delete, func, insert, select, update

from hanse.core.ids import random_id
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import tokens, users
from hanse.node.errors import NoSuchToken, NoSuchUser, NotLoggedIn
from hanse.node.users.roles import Role, join_roles, split_roles

_PREFIX = "hns_"
_TOUCH_EVERY_MS = 60_000


@dataclass(frozen=True)
class Bearer:
    """Who calls, by which token.

    Attributes:
        roles: the user's roles now, cut down to the token's.
        must_change: the user may only change its password and log out.
    """

    user: str
    roles: frozenset[Role]
    token_id: str
    kind: str
    must_change: bool


@dataclass(frozen=True)
class TokenInfo:
    """A token as its owner may see it; the token itself is shown once, at creation."""

    id: str
    kind: str
    user: str
    label: str
    roles: frozenset[Role]
    created_ms: int
    used_ms: int
    expires_ms: int


class Tokens:
    """Issues, checks and revokes.

    Args:
        database: holds ``tokens`` and ``users``.
        session_ttl_ms: a session's life.
        session_idle_ms: a session ends earlier after so long without use.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        session_ttl_ms: int = 28_800_000,
        session_idle_ms: int = 3_600_000,
        clock: Clock = now_ms,
    ) -> None:
        self._database = database
        self._ttl_ms = session_ttl_ms
        self._idle_ms = session_idle_ms
        self._clock = clock

    def open_session(self, user: str, roles: Iterable[Role]) -> tuple[str, TokenInfo]:
        """A session after a successful login."""
        return self._issue("session", user, roles, "", self._clock() + self._ttl_ms)

    def issue_token(
        self, user: str, roles: Iterable[Role], label: str, ttl_ms: int
    ) -> tuple[str, TokenInfo]:
        """An API token for a program, with the same or fewer roles than its user."""
        return self._issue("token", user, roles, label, self._clock() + ttl_ms)

    def check(self, token: str) -> Bearer:
        """Who holds the token.

        Raises:
            NotLoggedIn: unknown, revoked, expired, idle, or the user is disabled.
        """
        now = self._clock()
        query = (
            select(
                tokens,
                users.c.roles.label("user_roles"),
                users.c.must_change,
            )
            .join(users, users.c.name == tokens.c.user)
            .where(tokens.c.hash == _hash(token), users.c.active)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or row["expires_ms"] <= now or self._is_idle(row, now):
            raise NotLoggedIn()
        if now - row["used_ms"] >= min(_TOUCH_EVERY_MS, self._idle_ms // 4):
            self._touch(row["id"], now)
        return Bearer(
            user=row["user"],
            roles=split_roles(row["roles"]) & split_roles(row["user_roles"]),
            token_id=row["id"],
            kind=row["kind"],
            must_change=row["must_change"],
        )

    def list(self, user: str, kind: str = "token") -> list[TokenInfo]:
        """The user's tokens that have not expired."""
        query = (
            select(tokens)
            .where(
                tokens.c.user == user,
                tokens.c.kind == kind,
                tokens.c.expires_ms > self._clock(),
            )
            .order_by(tokens.c.created_ms)
        )
        with self._database.read() as connection:
            return [_info(row) for row in connection.execute(query).mappings()]

    def revoke(self, user: str, token_id: str) -> None:
        """End one token of the user.

        Raises:
            NoSuchToken: also when it is somebody else's.
        """
        condition = (tokens.c.id == token_id, tokens.c.user == user)
        with self._database.write() as connection:
            if connection.execute(delete(tokens).where(*condition)).rowcount != 1:
                raise NoSuchToken()

    def remove_expired(self) -> int:
        """Forget expired and idle tokens; returns how many."""
        now = self._clock()
        idle = (tokens.c.kind == "session") & (tokens.c.used_ms + self._idle_ms <= now)
        with self._database.write() as connection:
            gone = connection.execute(delete(tokens).where((tokens.c.expires_ms <= now) | idle))
            return gone.rowcount

    def count_sessions(self) -> int:
        """Open sessions."""
        query = (
            select(func.count())
            .select_from(tokens)
            .where(tokens.c.kind == "session", tokens.c.expires_ms > self._clock())
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def _is_idle(self, row: RowMapping, now: int) -> bool:
        return bool(row["kind"] == "session" and row["used_ms"] + self._idle_ms <= now)

    def _touch(self, token_id: str, now: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_ms=now))

    def _issue(
        self, kind: str, user: str, roles: Iterable[Role], label: str, expires_ms: int
    ) -> tuple[str, TokenInfo]:
        token = _PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        values = {
            "id": random_id("tk"),
            "hash": _hash(token),
            "kind": kind,
            "user": user,
            "label": label,
            "roles": join_roles(roles),
            "created_ms": now,
            "used_ms": now,
            "expires_ms": expires_ms,
        }
        with self._database.write() as connection:
            known = select(users.c.name).where(users.c.name == user, users.c.active)
            if connection.execute(known).scalar_one_or_none() is None:
                raise NoSuchUser()
            connection.execute(insert(tokens).values(values))
            row = connection.execute(select(tokens).where(tokens.c.id == values["id"]))
            return token, _info(row.mappings().one())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _info(row: RowMapping) -> TokenInfo:
    return TokenInfo(
        id=row["id"],
        kind=row["kind"],
        user=row["user"],
        label=row["label"],
        roles=split_roles(row["roles"]),
        created_ms=row["created_ms"],
        used_ms=row["used_ms"],
        expires_ms=row["expires_ms"],
    )
