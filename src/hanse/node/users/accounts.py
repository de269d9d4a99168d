"""Accounts: register, change roles, disable, delete, passwords, login with lockout."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import tokens, users
from hanse.node.errors import (
    AccountLocked,
    BadUserName,
    LastAdmin,
    NoSuchUser,
    UserExists,
    WrongPassword,
)
from hanse.node.users.passwords import MAXIMUM_LENGTH, Passwords
from hanse.node.users.roles import Role, join_roles, split_roles

_MOST_STRANGERS = 10_000
_NAME = re.compile(r"^[\w.@-]{1,64}\Z")


@dataclass(frozen=True)
class User:
    """An account as others may see it."""

    name: str
    roles: frozenset[Role]
    active: bool
    must_change: bool
    locked_until_ms: int
    created_ms: int
    last_login_ms: int


class Strangers:
    """Failed logins of names that do not exist: locked like real ones. In memory, bounded."""

    def __init__(self, failures: int, lockout_ms: int) -> None:
        self._failures = failures
        self._lockout_ms = lockout_ms
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def locked_until(self, name: str) -> int:
        """UTC ms, 0 when not locked."""
        with self._lock:
            return self._seen.get(name[:64], (0, 0))[1]

    def count(self, name: str, now: int) -> None:
        """One more failure."""
        with self._lock:
            failures = self._seen.pop(name[:64], (0, 0))[0] + 1
            locked = failures >= self._failures
            self._seen[name[:64]] = (0, now + self._lockout_ms) if locked else (failures, 0)
            while len(self._seen) > _MOST_STRANGERS:
                self._seen.popitem(last=False)


class Accounts:
    """The users of this organisation.

    Args:
        database: holds the ``users`` and ``tokens`` tables.
        passwords: hashing and rules.
        lockout_failures: consecutive failed logins before the account locks.
        lockout_ms: how long it stays locked.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        *,
        lockout_failures: int = 5,
        lockout_ms: int = 300_000,
        clock: Clock = now_ms,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._lockout_failures = lockout_failures
        self._lockout_ms = lockout_ms
        self._clock = clock
        self._strangers = Strangers(lockout_failures, lockout_ms)

    def add(
        self, name: str, password: str, roles: Iterable[Role], *, must_change: bool = False
    ) -> User:
        """Register a user.

        Raises:
            BadUserName, WeakPassword, UserExists: nothing is written then.
        """
        if not _NAME.match(name):
            raise BadUserName(f"not a user name: {name[:64]!r}")
        self._passwords.check_rules(password, name)
        now = self._clock()
        values = {
            "name": name,
            "roles": join_roles(roles),
            "password_hash": self._passwords.hash(password),
            "active": True,
            "must_change": must_change,
            "failures": 0,
            "locked_until_ms": 0,
            "created_ms": now,
            "changed_ms": now,
            "last_login_ms": 0,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(users).values(values))
        except IntegrityError as error:
            raise UserExists(f"there is a user {name!r}") from error
        return self.get(name)

    def get(self, name: str) -> User:
        """One user; raises NoSuchUser."""
        with self._database.read() as connection:
            return _user(_require(connection, name))

    def list(self) -> list[User]:
        """Every user, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(users).order_by(users.c.name)).mappings()
            return [_user(row) for row in rows]

    def count(self) -> int:
        """Number of users."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(users)).scalar_one()

    def change(
        self, name: str, *, roles: Iterable[Role] | None = None, active: bool | None = None
    ) -> User:
        """Change roles, or disable and enable. Fewer rights end the user's sessions.

        Raises:
            NoSuchUser, LastAdmin: nothing is written then.
        """
        with self._database.write() as connection:
            self._database.serialise(connection, users)
            row = _require(connection, name)
            values: dict[str, object] = {"changed_ms": self._clock()}
            if roles is not None:
                values["roles"] = join_roles(roles)
            if active is not None:
                values |= {"active": active, "failures": 0, "locked_until_ms": 0}
            connection.execute(update(users).where(users.c.name == name).values(values))
            _keep_an_admin(connection)
            if active is False or not split_roles(row["roles"]) <= split_roles(
                str(values.get("roles", row["roles"]))
            ):
                connection.execute(delete(tokens).where(tokens.c.user == name))
        return self.get(name)

    def delete(self, name: str) -> None:
        """Delete the user with every session and token; the audit log keeps its name.

        Raises:
            NoSuchUser, LastAdmin: nothing is written then.
        """
        with self._database.write() as connection:
            self._database.serialise(connection, users)
            _require(connection, name)
            connection.execute(delete(tokens).where(tokens.c.user == name))
            connection.execute(delete(users).where(users.c.name == name))
            _keep_an_admin(connection)

    def change_password(self, name: str, current: str, new: str) -> None:
        """The user's own change; ends every session and token of the user.

        Raises:
            WrongPassword, AccountLocked: as at login.
            WeakPassword: the new password breaks the rules.
        """
        self.login(name, current)
        self._set_password(name, new, must_change=False)

    def reset_password(self, name: str, new: str) -> None:
        """An administrator's reset: the user must change it at the next login; unlocks."""
        self.get(name)
        self._set_password(name, new, must_change=True)

    def login(self, name: str, password: str) -> User:
        """Check a password. Unknown, disabled and wrong look and last the same.

        Raises:
            WrongPassword: with one more failure counted.
            AccountLocked: too many failures; even the right password is refused. Names of
                nobody lock in the same way, so that a lock does not tell who exists.
        """
        now = self._clock()
        with self._database.read() as connection:
            found = connection.execute(select(users).where(users.c.name == name[:64]))
            row = found.mappings().one_or_none()
        locked = self._strangers.locked_until(name) if row is None else row["locked_until_ms"]
        if locked > now:
            raise AccountLocked(f"locked for {(locked - now + 999) // 1000} more seconds")
        stored = row["password_hash"] if row is not None and row["active"] else None
        if not self._passwords.matches(stored, password[: MAXIMUM_LENGTH + 1]):
            if row is None:
                self._strangers.count(name, now)
            else:
                self._count_failure(name, now)
            raise WrongPassword()
        return self._succeed(name, password, str(stored), now)

    def _succeed(self, name: str, password: str, stored: str, now: int) -> User:
        values: dict[str, object] = {"failures": 0, "locked_until_ms": 0, "last_login_ms": now}
        if self._passwords.is_outdated(stored):
            values["password_hash"] = self._passwords.hash(password)
        with self._database.write() as connection:
            # The hash in the condition: a reset in between must win over this login.
            changed = connection.execute(
                update(users)
                .where(users.c.name == name, users.c.password_hash == stored, users.c.active)
                .values(values)
            )
            if changed.rowcount != 1:
                raise WrongPassword()
        return self.get(name)

    def _count_failure(self, name: str, now: int) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(users).where(users.c.name == name).values(failures=users.c.failures + 1)
            )
            connection.execute(
                update(users)
                .where(users.c.name == name, users.c.failures >= self._lockout_failures)
                .values(failures=0, locked_until_ms=now + self._lockout_ms)
            )

    def _set_password(self, name: str, new: str, *, must_change: bool) -> None:
        self._passwords.check_rules(new, name)
        values = {
            "password_hash": self._passwords.hash(new),
            "must_change": must_change,
            "failures": 0,
            "locked_until_ms": 0,
            "changed_ms": self._clock(),
        }
        with self._database.write() as connection:
            connection.execute(update(users).where(users.c.name == name).values(values))
            connection.execute(delete(tokens).where(tokens.c.user == name))


def _require(connection: Connection, name: str) -> RowMapping:
    row = connection.execute(select(users).where(users.c.name == name)).mappings().one_or_none()
    if row is None:
        raise NoSuchUser()
    return row


def _keep_an_admin(connection: Connection) -> None:
    rows = connection.execute(select(users.c.roles).where(users.c.active)).scalars()
    if not any(Role.ADMIN in split_roles(roles) for roles in rows):
        raise LastAdmin()


def _user(row: RowMapping) -> User:
    return User(
        name=row["name"],
        roles=split_roles(row["roles"]),
        active=row["active"],
        must_change=row["must_change"],
        locked_until_ms=row["locked_until_ms"],
        created_ms=row["created_ms"],
        last_login_ms=row["last_login_ms"],
    )
