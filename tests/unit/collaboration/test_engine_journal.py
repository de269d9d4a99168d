"""The work journal: durable, sealed, and honest about what it does not know."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hanse.collaboration.engine.errors import JournalDamaged
from hanse.collaboration.engine.journal import Journal
from hanse.collaboration.engine.records import (
    AttemptKey,
    Fault,
    ObjectRow,
    ObjectSecret,
    OwnOffer,
    Phase,
    ProgressRow,
    WorkerRow,
)
from hanse.crypto.suite import get_suite

SUITE = get_suite("intl")
KEY = b"k" * SUITE.key_bytes
CHAIN = "ab" * 32
ATTEMPT = AttemptKey("fl-a", "align", 1)
OWN = OwnOffer("-----PRIVATE-----", "cc" * 32, {"data": 9001})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "work.sqlite"


def reopen(path: Path, key: bytes = KEY, chain: str = CHAIN) -> Journal:
    return Journal(path, SUITE, key, chain)


def stored(port: str = "table") -> ObjectRow:
    secret = ObjectSecret({"kind": "output", "salt": "5a" * 32}, {"key_columns": ["id"]})
    return ObjectRow("fl-a", "align", port, 1, "ob-a", "table", 40, False, "ee" * 32, secret, 7)


def test_everything_survives_closing(path):
    with reopen(path) as journal:
        assert journal.cursor() == -1
        journal.add_flow("fl-a", 1)
        journal.open_attempt(ATTEMPT, 1)
        journal.put_own_offer(ATTEMPT, "bank", b'{"a":1}', OWN)
        journal.set_manifest(ATTEMPT, "dd" * 32, 2)
        journal.put_worker(WorkerRow(ATTEMPT, 42, "777", "/work"))
        journal.put_progress(ATTEMPT, ProgressRow("match", 1, 2, 3, 2))
        journal.put_object(stored())
        journal.put_outcome(ATTEMPT, b"[]")
        journal.set_cursor(12)
    with reopen(path) as journal:
        assert (journal.cursor(), journal.flows(live=True)) == (12, ["fl-a"])
        row = journal.attempt(ATTEMPT)
        assert row is not None
        assert (row.phase, row.manifest, row.fault) == (Phase.CONFIRMED, "dd" * 32, None)
        assert journal.own_offer(ATTEMPT) == OWN
        assert journal.offers(ATTEMPT) == {"bank": ("", b'{"a":1}')}
        assert journal.workers() == [WorkerRow(ATTEMPT, 42, "777", "/work")]
        assert journal.progress(ATTEMPT) == ProgressRow("match", 1, 2, 3, 2)
        assert journal.objects("fl-a") == [stored()]
        assert journal.outcome(ATTEMPT) == b"[]"


def test_first_offer_and_first_outcome_stay(path):
    with reopen(path) as journal:
        journal.open_attempt(ATTEMPT, 1)
        journal.put_own_offer(ATTEMPT, "bank", b"1", OWN)
        journal.put_own_offer(ATTEMPT, "bank", b"2", OwnOffer("other", "dd" * 32, {}))
        assert journal.own_offer(ATTEMPT) == OWN
        assert journal.offers(ATTEMPT)["bank"] == ("", b"1")
        assert journal.put_offer(ATTEMPT, "merchant", b"1", sender="did:m")
        assert journal.put_offer(ATTEMPT, "merchant", b"1", sender="did:m")
        assert not journal.put_offer(ATTEMPT, "merchant", b"2", sender="did:m")
        journal.put_outcome(ATTEMPT, b"first")
        journal.put_outcome(ATTEMPT, b"second")
        assert journal.outcome(ATTEMPT) == b"first"


def test_transaction_is_all_or_nothing(path):
    with reopen(path) as journal:
        with pytest.raises(ZeroDivisionError), journal.transaction():
            journal.add_flow("fl-a", 1)
            journal.set_cursor(5)
            raise ZeroDivisionError
        assert (journal.flows(), journal.cursor()) == ([], -1)


def test_secrets_do_not_stand_in_the_file(path):
    with reopen(path) as journal:
        journal.open_attempt(ATTEMPT, 1)
        journal.put_own_offer(ATTEMPT, "bank", b"{}", OWN)
        journal.put_object(stored())
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in (b"PRIVATE", b"cc" * 32, b"5a" * 32, b"key_columns"):
        assert secret not in raw


def test_row_moved_to_another_attempt_does_not_open(path):
    with reopen(path) as journal:
        journal.open_attempt(ATTEMPT, 1)
        journal.put_own_offer(ATTEMPT, "bank", b"{}", OWN)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE own_offers SET attempt = 2")
    raw.close()
    with reopen(path) as journal, pytest.raises(JournalDamaged):
        journal.own_offer(AttemptKey("fl-a", "align", 2))


def test_other_key_other_network_and_damage_are_refused(path):
    reopen(path).close()
    with pytest.raises(JournalDamaged):
        reopen(path, key=b"x" * SUITE.key_bytes)
    with pytest.raises(JournalDamaged, match="another network"):
        reopen(path, chain="cd" * 32)
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(JournalDamaged):
        reopen(path)


def test_ports_are_free_again_once_the_attempt_has_ended(path):
    with reopen(path) as journal:
        journal.open_attempt(ATTEMPT, 1)
        journal.put_own_offer(ATTEMPT, "bank", b"{}", OWN)
        assert journal.ports_in_use() == {9001}
        journal.set_fault(ATTEMPT, Fault("run", "compute.failed", "no"), 2)
        assert journal.ports_in_use() == set()
        row = journal.attempt(ATTEMPT)
        assert row is not None
        assert row.fault == Fault("run", "compute.failed", "no")


def test_objects_are_found_by_flow_step_and_attempt(path):
    with reopen(path) as journal:
        journal.put_object(stored())
        assert journal.objects("fl-a", "align", 1) == [stored()]
        assert journal.objects("fl-a", "align", 2) == []
        assert journal.objects("fl-b") == []
        assert journal.has_object("ob-a")
        journal.remove_object("ob-a")
        assert not journal.has_object("ob-a")


def test_journal_is_readable_by_its_owner_only(path):
    reopen(path).close()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_flow_is_unsettled_while_it_lives_or_an_attempt_has_not_ended(path):
    with reopen(path) as journal:
        journal.add_flow("fl-a", 1)
        assert journal.unsettled() == ["fl-a"]
        journal.open_attempt(ATTEMPT, 1)
        journal.set_phase(ATTEMPT, Phase.FINISHED, 2)
        journal.set_live("fl-a", False)
        assert journal.unsettled() == ["fl-a"]
        journal.set_phase(ATTEMPT, Phase.REPORTED, 3)
        assert journal.unsettled() == []
