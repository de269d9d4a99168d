"""Backups: a hot copy that was verified, put back in one step."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ledger_chain import Chain
from ledger_network import Add, Network, value_of
from snapshot_tools import content, walk

from hanse.ledger.archive.errors import NameTaken
from hanse.ledger.backup import back_up, restore_backup, verify_backup
from hanse.ledger.errors import LedgerInUse, StorageFailed, StoreAltered
from hanse.ledger.pruning import prune_blocks

NETWORK = Network("intl", members=2)


def filled(folder: Path, blocks: int = 5) -> Chain:
    chain = Chain(NETWORK, folder)
    walk(chain, blocks, lambda block: [Add(f"c{block}-{i}", 1) for i in range(5)])
    return chain


def test_backup_of_a_running_ledger_is_whole(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger")
    before = content(chain.store)
    report = back_up(chain.store, NETWORK.genesis, None, tmp_path / "backups" / "one")
    assert (report.base, report.height) == (0, 5)
    assert [p.name for p in (tmp_path / "backups").iterdir()] == ["one"]
    assert [p.name for p in (tmp_path / "backups" / "one").iterdir()] == ["data.mdb"]
    walk(chain, 3, lambda block: [Add("more", 1)])
    with pytest.raises(NameTaken):
        back_up(chain.store, NETWORK.genesis, None, tmp_path / "backups" / "one")
    with pytest.raises(LedgerInUse):
        restore_backup(tmp_path / "backups" / "one", NETWORK.genesis, None, tmp_path / "ledger")
    chain.close()
    restored = restore_backup(
        tmp_path / "backups" / "one", NETWORK.genesis, None, tmp_path / "ledger"
    )
    assert restored == report
    again = Chain(NETWORK, tmp_path / "ledger")
    assert content(again.store) == before
    assert value_of(again.store, "more") == 0
    walk(again, 1, lambda block: [Add("more", 1)])
    again.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backups", "ledger"]


def test_commits_go_on_during_a_backup(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger")
    reports: list[Any] = []

    def copy() -> None:
        for number in range(5):
            folder = tmp_path / "backups" / str(number)
            reports.append(back_up(chain.store, NETWORK.genesis, None, folder))

    copier = threading.Thread(target=copy)
    copier.start()
    while copier.is_alive():
        walk(chain, 1, lambda block: [Add("more", 1)])
    copier.join()
    heights = [report.height for report in reports]
    assert len(heights) == 5 and heights == sorted(heights)
    chain.close()


def test_backup_of_a_pruned_ledger_is_small(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger", 60)
    back_up(chain.store, NETWORK.genesis, None, tmp_path / "whole")
    prune_blocks(chain.store, 60)
    assert back_up(chain.store, NETWORK.genesis, None, tmp_path / "pruned").base == 60
    sizes = [(tmp_path / name / "data.mdb").stat().st_size for name in ("whole", "pruned")]
    assert sizes[1] < sizes[0] * 0.7
    chain.close()


def test_altered_ledger_is_not_backed_up(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger")
    db = chain.store.environment.db["blocks"]
    chain.store.environment.write(lambda txn: txn.delete((2).to_bytes(8, "big"), db=db))
    with pytest.raises(StoreAltered):
        back_up(chain.store, NETWORK.genesis, None, tmp_path / "backups" / "one")
    assert list((tmp_path / "backups").iterdir()) == []
    chain.close()


def test_altered_or_missing_backup_changes_nothing(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger")
    back_up(chain.store, NETWORK.genesis, None, tmp_path / "one")
    before = content(chain.store)
    chain.close()
    copy = tmp_path / "one" / "data.mdb"
    copy.write_bytes(copy.read_bytes().replace(b'"amount":1', b'"amount":2', 1))
    with pytest.raises(StoreAltered):
        restore_backup(tmp_path / "one", NETWORK.genesis, None, tmp_path / "ledger")
    copy.write_bytes(b"nothing of the kind" * 1_000)
    with pytest.raises(StorageFailed):
        restore_backup(tmp_path / "one", NETWORK.genesis, None, tmp_path / "ledger")
    with pytest.raises(StorageFailed):
        restore_backup(tmp_path / "two", NETWORK.genesis, None, tmp_path / "ledger")
    with pytest.raises(StoreAltered):
        verify_backup(tmp_path / "nothing", NETWORK.genesis, None)
    again = Chain(NETWORK, tmp_path / "ledger")
    assert content(again.store) == before
    again.close()


def test_restoring_into_an_empty_home_begins_a_ledger(tmp_path: Path) -> None:
    chain = filled(tmp_path / "ledger")
    back_up(chain.store, NETWORK.genesis, None, tmp_path / "one")
    chain.close()
    restore_backup(tmp_path / "one", NETWORK.genesis, None, tmp_path / "other" / "ledger")
    other = Chain(NETWORK, tmp_path / "other" / "ledger")
    assert other.app.head.height == 5
    other.close()
