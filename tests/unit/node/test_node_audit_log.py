"""The audit log's chain."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from hanse.node.audit.log import EMPTY_HEAD, AuditLog
from hanse.node.database.engine import Database
from hanse.node.database.tables import audit_entries
from hanse.node.errors import AuditBroken, AuditUnavailable, DatabaseUnavailable


@pytest.fixture
def log(database: Database, sha256, clock) -> AuditLog:
    return AuditLog(database, sha256, clock)


def append(log: AuditLog, count: int = 1) -> None:
    for number in range(count):
        log.append(
            actor="user:anna",
            operation="data.list",
            target=f"tb-{number}",
            outcome="ok",
            request_id="r",
        )


def unlock(database: Database) -> None:
    """What an attacker with the file would do first."""
    names = ["audit_no_update", "audit_no_delete"]
    where = ""
    if database.dialect == "postgresql":
        names, where = ["audit_no_change"], " ON audit_entries"
    with database.write() as connection:
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}{where}"))


def test_empty_log_verifies(log: AuditLog) -> None:
    assert log.verify().hash == EMPTY_HEAD


def test_append_chains_and_verifies(log: AuditLog) -> None:
    append(log, 5)
    head = log.verify()
    assert head.length == 5
    assert head == log.head()
    assert [item.entry.number for item in log.entries(limit=2)] == [5, 4]
    assert [item.entry.number for item in log.entries(before=3)] == [2, 1]
    assert log.entries(actor="user:eve") == []


def test_database_itself_refuses_change_and_removal(log: AuditLog, database: Database) -> None:
    append(log, 2)
    for statement in (update(audit_entries).values(outcome="x"), delete(audit_entries)):
        with (
            pytest.raises((IntegrityError, DatabaseUnavailable)) as refused,
            database.write() as connection,
        ):
            connection.execute(statement)
        assert "append-only" in str(refused.value) + str(refused.value.__cause__)
    assert log.verify().length == 2


@pytest.mark.parametrize(
    "column", ["actor", "operation", "target", "outcome", "request_id", "hash"]
)
def test_verify_altered_entry_broken(log: AuditLog, database: Database, column: str) -> None:
    append(log, 3)
    unlock(database)
    with database.write() as connection:
        changed = update(audit_entries).where(audit_entries.c.number == 2)
        connection.execute(changed.values({column: "ff" * 32}))
    with pytest.raises(AuditBroken, match="entry 2"):
        log.verify()


def test_verify_removed_entry_broken(log: AuditLog, database: Database) -> None:
    append(log, 3)
    unlock(database)
    with database.write() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.number == 2))
    with pytest.raises(AuditBroken, match="entry 2 is missing"):
        log.verify()


def test_verify_tail_cut_after_an_anchor_broken(log: AuditLog, database: Database) -> None:
    append(log, 3)
    log.note_anchor(log.head(), "ab" * 32)
    append(log, 1)
    assert log.verify().length == 4
    unlock(database)
    with database.write() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.number > 2))
    with pytest.raises(AuditBroken, match="were removed"):
        log.verify()


def test_append_from_many_threads_keeps_one_chain(database: Database, sha256) -> None:
    logs = [AuditLog(database, sha256) for _ in range(4)]
    threads = [threading.Thread(target=append, args=(log, 10)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs[0].verify().length == 40


def test_append_when_the_database_refuses_names_it_and_recovers(
    log: AuditLog, database: Database
) -> None:
    append(log)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE audit_entries RENAME TO away"))
    with pytest.raises(AuditUnavailable):
        append(log)
    assert not log.is_writable
    with database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit_entries"))
    append(log)
    assert log.is_writable
    assert log.verify().length == 2
