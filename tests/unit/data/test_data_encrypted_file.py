"""The encrypted file: reads like a file, and notices whatever is done to its bytes."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from hanse.crypto.suite import Suite, get_suite
from hanse.data import encrypted_file
from hanse.data.encrypted_file import (
    CHUNK_BYTES,
    END_BYTES,
    HEADER_BYTES,
    OVERHEAD_BYTES,
    EncryptedFile,
    EncryptedWriter,
)
from hanse.data.errors import DamagedObject, StorageFull
from hanse.data.objects import (
    read_arrays_file,
    read_bytes_file,
    write_arrays_file,
    write_bytes_file,
)

SEALED_CHUNK = CHUNK_BYTES + OVERHEAD_BYTES


def key_of(suite: Suite, fill: int = 1) -> bytes:
    return bytes([fill]) * suite.key_bytes


def pattern(length: int) -> bytes:
    return np.arange(length, dtype=np.uint32).astype(np.uint8).tobytes()


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES * 3 + 5])
def test_round_trip_at_every_boundary(tmp_path: Path, suite: Suite, length: int) -> None:
    path, content = tmp_path / "f", pattern(length)
    write_bytes_file(path, key_of(suite), suite, content)
    assert read_bytes_file(path, key_of(suite), suite) == content
    with EncryptedFile(path, key_of(suite), suite) as file:
        assert file.size == length
        assert file.seek(-min(length, 3), io.SEEK_END) == length - min(length, 3)
        assert file.read() == content[length - min(length, 3) :]
        assert file.read(5) == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_writing_in_pieces_is_the_same(tmp_path: Path, suite: Suite) -> None:
    content = pattern(200_001)
    with EncryptedWriter(tmp_path / "f", key_of(suite), suite) as file:
        for start in range(0, len(content), 7_777):
            assert file.tell() == start
            file.write(memoryview(content)[start : start + 7_777])
    assert read_bytes_file(tmp_path / "f", key_of(suite), suite) == content


def test_nothing_plain_is_in_the_file(tmp_path: Path, suite: Suite) -> None:
    write_bytes_file(tmp_path / "f", key_of(suite), suite, b"Geheimnis" * 20_000)
    assert b"Geheim" not in (tmp_path / "f").read_bytes()


def three_chunks(tmp_path: Path, suite: Suite, name: str = "f", fill: int = 1) -> Path:
    path = tmp_path / name
    write_bytes_file(path, key_of(suite, fill), suite, pattern(CHUNK_BYTES * 3))
    return path


def must_refuse(path: Path, suite: Suite, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedObject):
        read_bytes_file(path, key_of(suite), suite)


def parts(content: bytes) -> tuple[bytes, list[bytes], bytes]:
    middle = content[HEADER_BYTES:-END_BYTES]
    chunks = [middle[i : i + SEALED_CHUNK] for i in range(0, len(middle), SEALED_CHUNK)]
    return content[:HEADER_BYTES], chunks, content[-END_BYTES:]


def test_reordered_removed_repeated_chunks_are_refused(tmp_path: Path, suite: Suite) -> None:
    path = three_chunks(tmp_path, suite)
    head, (a, b, c), end = parts(path.read_bytes())
    for chunks in ([b, a, c], [a, b], [a, c], [b, c], [a, b, c, c], [a, a, c], []):
        must_refuse(path, suite, head + b"".join(chunks) + end)


def test_cut_and_appended_files_are_refused(tmp_path: Path, suite: Suite) -> None:
    path = three_chunks(tmp_path, suite)
    content = path.read_bytes()
    for cut in (0, 10, HEADER_BYTES, HEADER_BYTES + END_BYTES, len(content) - 1):
        must_refuse(path, suite, content[:cut])
    must_refuse(path, suite, content + b"\0")


def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path, suite: Suite) -> None:
    path = three_chunks(tmp_path, suite)
    content = path.read_bytes()
    for place in (0, 8, 9, 12, 20, HEADER_BYTES, HEADER_BYTES + 100_000, -END_BYTES, -1):
        altered = bytearray(content)
        altered[place] ^= 1
        must_refuse(path, suite, bytes(altered))


def test_parts_of_another_file_with_the_same_key_are_refused(tmp_path: Path, suite: Suite) -> None:
    path = three_chunks(tmp_path, suite)
    head, chunks, end = parts(path.read_bytes())
    other_head, other_chunks, other_end = parts(three_chunks(tmp_path, suite, "g").read_bytes())
    must_refuse(path, suite, head + b"".join([chunks[0], other_chunks[1], chunks[2]]) + end)
    must_refuse(path, suite, other_head + b"".join(chunks) + end)
    must_refuse(path, suite, head + b"".join(chunks) + other_end)
    must_refuse(path, suite, three_chunks(tmp_path, suite, "h", fill=2).read_bytes())


def test_a_file_of_the_other_suite_is_refused(tmp_path: Path) -> None:
    path = three_chunks(tmp_path, get_suite("sm"))
    with pytest.raises(DamagedObject):
        EncryptedFile(path, bytes(32), get_suite("intl"))


def test_a_writer_that_never_finished_left_no_file_to_read(tmp_path: Path, suite: Suite) -> None:
    for end in ("abandon", "__del__"):
        path = tmp_path / end
        writer = EncryptedWriter(path, key_of(suite), suite)
        writer.write(pattern(CHUNK_BYTES * 2))
        getattr(writer, end)()
        with pytest.raises(DamagedObject):
            EncryptedFile(path, key_of(suite), suite)


def test_existing_files_are_never_overwritten(tmp_path: Path, suite: Suite) -> None:
    path = three_chunks(tmp_path, suite)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        EncryptedWriter(path, key_of(suite), suite)
    assert path.read_bytes() == before


def test_a_full_disk_is_a_named_error(
    tmp_path: Path, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encrypted_file.os, "fsync", full)
    with pytest.raises(StorageFull):
        write_bytes_file(tmp_path / "f", key_of(suite), suite, b"x")
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_arrays_round_trip_and_objects_are_refused(tmp_path: Path, suite: Suite) -> None:
    arrays = {"w": np.arange(6.0).reshape(2, 3), "share": np.array([2**63], np.uint64)}
    write_arrays_file(tmp_path / "a", key_of(suite), suite, arrays)
    back = read_arrays_file(tmp_path / "a", key_of(suite), suite)
    assert back.keys() == arrays.keys()
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
    assert back["share"].dtype == np.uint64
    with pytest.raises(ValueError, match="objects"):
        write_arrays_file(tmp_path / "b", key_of(suite), suite, {"x": np.array([{}])})
    assert not (tmp_path / "b").exists()
    write_bytes_file(tmp_path / "c", key_of(suite), suite, b"no arrays")
    with pytest.raises(DamagedObject):
        read_arrays_file(tmp_path / "c", key_of(suite), suite)
