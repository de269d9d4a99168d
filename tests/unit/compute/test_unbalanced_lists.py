"""Lists of keys under a pseudo-random function, and how they are kept."""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import LinkFailed
from hanse.compute.operators import unbalanced
from hanse.compute.operators.unbalanced import OwnList, PublicList
from hanse.compute.worker.kept_lists import MOST_ENTRIES, UNUSED_S, KeptLists
from hanse.crypto.suite import get_suite
from hanse.data.batches import ArrowTable

READING: dict[str, Any] = {"key_type": "text", "case": "exact", "granted": {"k"}}
SUITE = get_suite("intl")


class Line:
    """Both ends of a link in this process."""

    def __init__(self) -> None:
        self.held: dict[str, queue.Queue[bytes]] = {"asker": queue.Queue(), "holder": queue.Queue()}

    def send(self, alias: str, data: bytes) -> None:
        self.held[alias].put(data)

    def receive(self, alias: str) -> bytes:
        me = "holder" if alias == "asker" else "asker"
        return self.held[me].get(timeout=30)


def quiet(_done: int, _total: int) -> None: ...


def made(keys: list[str | None]) -> OwnList:
    table = ArrowTable(pa.table({"k": pa.array(keys, pa.string())}))
    rows = np.array([i for i, key in enumerate(keys) if key is not None][::-1], np.int64)
    return unbalanced.make_list(table, ["k"], rows, quiet, **READING)


def asked(own: OwnList, keys: list[str]) -> list[tuple[int, int]]:
    line: Any = Line()
    serving = threading.Thread(
        target=unbalanced.answer, args=(line, "asker", own, len(keys), quiet), daemon=True
    )
    serving.start()
    found = unbalanced.ask(line, "holder", [key.encode() for key in keys], own.entries, quiet)
    serving.join(30)
    return found


def test_what_is_asked_is_found_in_the_order_of_asking() -> None:
    own = made([*(f"键{n}" for n in range(60)), None])
    found = asked(own, ["键9", "nobody", "键3", "键59"])
    assert [place for place, _ in found] == [0, 2, 3]
    told = np.array([there for _, there in found], "<i8").tobytes()
    # Rows were entered backwards: that is the order both share.
    assert unbalanced.told_rows(own, told, "asker").tolist() == [59, 9, 3]


def test_lists_of_the_same_keys_have_nothing_in_common() -> None:
    first, second = (made(["a", "b", "c"]) for _ in range(2))
    cut = unbalanced.ENTRY_BYTES
    entries = [{own.entries[i : i + cut] for i in range(0, 36, cut)} for own in (first, second)]
    assert len(entries[0] | entries[1]) == 6
    assert first.secret != second.secret
    assert entries[0] == {bytes(e) for e in sorted(entries[0])}


@pytest.mark.parametrize("told", [b"\0" * 7, np.array([3], "<i8").tobytes(), b"\xff" * 8])
def test_the_asker_can_only_name_entries(told: bytes) -> None:
    with pytest.raises(LinkFailed):
        unbalanced.told_rows(made(["a", "b", "c"]), told, "asker")


def test_messages_of_another_size_are_refused() -> None:
    line: Any = Line()
    line.send("holder", bytes(64))
    with pytest.raises(LinkFailed):
        unbalanced.answer(line, "asker", made(["a"]), 2, quiet)
    line.send("asker", bytes(63))
    with pytest.raises(LinkFailed):
        unbalanced.ask(line, "holder", [b"a"], b"", quiet)
    line.send("asker", bytes(25))
    with pytest.raises(LinkFailed):
        unbalanced.take_over(line, "holder", 2)


def test_kept_lists_open_under_their_key_name_and_table_only(tmp_path: Path) -> None:
    kept, entry = KeptLists(tmp_path, bytes(32), SUITE), PublicList("x", b"secret entries")
    kept.keep(b"scope", entry, b"table")
    assert kept.find(b"scope", PublicList, b"table") == entry
    assert kept.find(b"scope", PublicList, b"another table") is None
    assert kept.find(b"another", PublicList, b"table") is None
    assert (
        KeptLists(tmp_path, bytes(31) + b"\1", SUITE).find(b"scope", PublicList, b"table") is None
    )
    (path,) = tmp_path.iterdir()
    assert b"secret" not in path.read_bytes()
    kept.keep(b"another", entry, b"table")
    (other,) = set(tmp_path.iterdir()) - {path}
    other.write_bytes(path.read_bytes())
    assert kept.find(b"another", PublicList, b"table") is None
    assert KeptLists(None, bytes(32), SUITE).find(b"scope", PublicList) is None


def test_unused_and_too_many_lists_are_erased(tmp_path: Path) -> None:
    kept = KeptLists(tmp_path, bytes(32), SUITE)
    for number in range(MOST_ENTRIES + 3):
        kept.keep(b"%d" % number, PublicList("x", b""))
    assert len(list(tmp_path.iterdir())) == MOST_ENTRIES
    for path in tmp_path.iterdir():
        os.utime(path, (0, time.time() - UNUSED_S - 60))
    kept.keep(b"new", PublicList("x", msgspec.msgpack.encode(1)))
    assert len(list(tmp_path.iterdir())) == 1
