"""Accounts, passwords, sessions and tokens."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hanse.node.database.engine import Database
from hanse.node.database.tables import tokens as tokens_table
from hanse.node.database.tables import users as users_table
from hanse.node.errors import (
    AccountLocked,
    BadRole,
    BadUserName,
    LastAdmin,
    NoSuchToken,
    NoSuchUser,
    NotLoggedIn,
    UserExists,
    WeakPassword,
    WrongPassword,
)
from hanse.node.users.accounts import Accounts
from hanse.node.users.passwords import Passwords, generate_password
from hanse.node.users.roles import Role, parse_roles
from hanse.node.users.tokens import Tokens

GOOD = "correct-horse-9"
OTHER = "battery-staple-7"


@pytest.fixture
def accounts(database: Database, passwords: Passwords, clock) -> Accounts:
    made = Accounts(database, passwords, lockout_failures=3, lockout_ms=60_000, clock=clock)
    made.add("root", GOOD, {Role.ADMIN})
    return made


@pytest.fixture
def tokens(database: Database, clock) -> Tokens:
    return Tokens(database, session_ttl_ms=600_000, session_idle_ms=120_000, clock=clock)


def test_password_hash_is_argon2id_salted_and_verifies() -> None:
    real = Passwords()
    first, second = real.hash(GOOD), real.hash(GOOD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert real.matches(first, GOOD)
    assert not real.matches(first, OTHER)
    assert not real.matches(None, GOOD)
    assert not real.is_outdated(first)


@pytest.mark.parametrize(
    "password", ["short", "x" * 257, "aaaaaaaaaaaa", "password123", "xx-anna-xx"]
)
def test_add_weak_password_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(WeakPassword):
        accounts.add("anna", password, {Role.ANALYST})
    assert [user.name for user in accounts.list()] == ["root"]


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a/b", "a\n"])
def test_add_bad_name_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadUserName):
        accounts.add(name, GOOD, {Role.ANALYST})


def test_add_same_name_twice_refused_and_first_stays(accounts: Accounts) -> None:
    accounts.add("王芳", GOOD, {Role.ANALYST})
    with pytest.raises(UserExists):
        accounts.add("王芳", OTHER, {Role.ADMIN})
    assert accounts.get("王芳").roles == {Role.ANALYST}
    accounts.login("王芳", GOOD)


def test_password_is_nowhere_in_the_database(accounts: Accounts, database: Database) -> None:
    with database.read() as connection:
        stored = connection.execute(select(users_table.c.password_hash)).scalar_one()
    assert GOOD not in stored
    assert stored.startswith("$argon2id$")


def test_login_wrong_password_locks_after_failures_and_lock_ends(accounts, clock) -> None:
    for _ in range(3):
        with pytest.raises(WrongPassword):
            accounts.login("root", OTHER)
    with pytest.raises(AccountLocked):
        accounts.login("root", GOOD)
    clock.advance(60_001)
    assert accounts.login("root", GOOD).name == "root"


def test_login_success_resets_the_failure_count(accounts) -> None:
    for _ in range(2):
        for _ in range(2):
            with pytest.raises(WrongPassword):
                accounts.login("root", OTHER)
        accounts.login("root", GOOD)


def test_login_unknown_and_disabled_look_like_a_wrong_password(accounts) -> None:
    accounts.add("anna", GOOD, {Role.ANALYST})
    accounts.change("anna", active=False)
    for name in ("anna", "nobody"):
        with pytest.raises(WrongPassword):
            accounts.login(name, GOOD)


def test_lock_does_not_tell_whether_the_user_exists(accounts, clock) -> None:
    seen = {}
    for name in ("root", "nobody"):
        errors = []
        for _ in range(4):
            with pytest.raises((WrongPassword, AccountLocked)) as refused:
                accounts.login(name, OTHER)
            errors.append((refused.value.code, refused.value.message))
        clock.advance(60_001)
        with pytest.raises(WrongPassword):
            accounts.login(name, OTHER)
        seen[name] = errors
    assert seen["root"] == seen["nobody"]


def test_admin_reset_unlocks_and_forces_a_change(accounts) -> None:
    accounts.add("anna", GOOD, {Role.ANALYST})
    for _ in range(3):
        with pytest.raises(WrongPassword):
            accounts.login("anna", OTHER)
    accounts.reset_password("anna", OTHER)
    assert accounts.login("anna", OTHER).must_change
    accounts.change_password("anna", OTHER, "third-Password-3")
    assert not accounts.login("anna", "third-Password-3").must_change
    with pytest.raises(WrongPassword):
        accounts.login("anna", OTHER)


def test_change_password_needs_the_current_one(accounts) -> None:
    with pytest.raises(WrongPassword):
        accounts.change_password("root", OTHER, "third-Password-3")
    accounts.login("root", GOOD)


def test_last_admin_stays(accounts) -> None:
    with pytest.raises(LastAdmin):
        accounts.delete("root")
    with pytest.raises(LastAdmin):
        accounts.change("root", active=False)
    with pytest.raises(LastAdmin):
        accounts.change("root", roles={Role.AUDITOR})
    accounts.add("second", GOOD, {Role.ADMIN})
    accounts.delete("root")
    with pytest.raises(NoSuchUser):
        accounts.get("root")


def test_roles_are_checked() -> None:
    assert parse_roles(["admin", "admin"]) == {Role.ADMIN}
    with pytest.raises(BadRole):
        parse_roles(["root"])
    with pytest.raises(BadRole):
        parse_roles([])


def test_session_expires_by_age_and_by_idleness(accounts, tokens, clock) -> None:
    token, _ = tokens.open_session("root", {Role.ADMIN})
    assert tokens.check(token).user == "root"
    clock.advance(120_000)
    with pytest.raises(NotLoggedIn):
        tokens.check(token)
    token, _ = tokens.open_session("root", {Role.ADMIN})
    for _ in range(9):
        clock.advance(60_000)
        tokens.check(token)
    clock.advance(60_000)
    with pytest.raises(NotLoggedIn):
        tokens.check(token)


def test_token_is_stored_hashed_and_revoked_only_by_its_owner(accounts, tokens, database) -> None:
    accounts.add("anna", GOOD, {Role.ANALYST})
    token, info = tokens.issue_token("anna", {Role.ANALYST}, "script", 60_000)
    with database.read() as connection:
        row = connection.execute(select(tokens_table)).one()
    assert token not in map(str, row)
    with pytest.raises(NoSuchToken):
        tokens.revoke("root", info.id)
    tokens.revoke("anna", info.id)
    with pytest.raises(NotLoggedIn):
        tokens.check(token)


def test_disabling_changing_and_deleting_a_user_ends_its_tokens(accounts, tokens) -> None:
    def fresh() -> str:
        return tokens.open_session("anna", {Role.ANALYST, Role.STEWARD})[0]

    accounts.add("anna", GOOD, {Role.ANALYST, Role.STEWARD})
    first = fresh()
    accounts.change("anna", roles={Role.ANALYST})
    second = fresh()
    assert tokens.check(second).roles == {Role.ANALYST}
    accounts.change_password("anna", GOOD, OTHER)
    third = fresh()
    accounts.change("anna", active=False)
    accounts.change("anna", active=True)
    fourth = fresh()
    accounts.delete("anna")
    for token in (first, second, third, fourth):
        with pytest.raises(NotLoggedIn):
            tokens.check(token)
    with pytest.raises(NoSuchUser):
        fresh()


def test_expired_tokens_are_forgotten(accounts, tokens, clock) -> None:
    tokens.open_session("root", {Role.ADMIN})
    tokens.issue_token("root", {Role.ADMIN}, "long", 10_000_000)
    clock.advance(700_000)
    assert tokens.remove_expired() == 1
    assert [info.label for info in tokens.list("root")] == ["long"]


def test_generated_passwords_pass_the_rules(passwords: Passwords) -> None:
    passwords.check_rules(generate_password(), "admin")
