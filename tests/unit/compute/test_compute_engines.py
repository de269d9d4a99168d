"""Engines: shares, programs, key encoding, links."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S

from hanse.compute.engines import doorbell, psi, psi_files, shares
from hanse.compute.engines.link import Identity, Link, Member
from hanse.compute.engines.programs import Input, Program, executable
from hanse.compute.errors import BadInput, DuplicateKeys, LinkFailed, PeerLost, RefusedProtocol
from hanse.core.ports import free_ports
from hanse.crypto.tls import make_task_certificate


@pytest.mark.parametrize(("protocol", "nodes"), [("aby3", 3), ("cheetah", 2)])
def test_shares_join_to_the_array_and_hide_it_alone(protocol: str, nodes: int) -> None:
    sharing = shares.Sharing(protocol)
    numbers = np.array([[1, -2], [2**40, 0]], np.int64)
    first, second = sharing.split(numbers), sharing.split(numbers)
    assert len(first) == nodes
    assert np.array_equal(sharing.join(first), numbers)
    for one, other in zip(first, second, strict=True):
        assert one != other
        assert numbers.tobytes() not in one
    with pytest.raises(BadInput):
        sharing.join(first[:-1])
    with pytest.raises(BadInput):
        shares.unpack(b"junk")


@pytest.mark.parametrize("protocol", ["semi2k", "ref2k", ""])
def test_protocols_without_privacy_are_refused(protocol: str) -> None:
    with pytest.raises(RefusedProtocol):
        shares.runtime_config(protocol)


def program(rows: int, **static: int) -> Program:
    def load() -> Any:
        from hanse.compute.operators import sums

        return sums.sums

    names = ("present-a", "high-a", "low-a")
    return Program(
        name="test",
        load=load,
        static={"owners": 1, "numeric": 1, **static},
        inputs=[Input(name, "int64", (rows, 2)) for name in names],
        outputs=["a", "b", "c", "d", "e"],
        release="r1",
    )


def test_program_is_compiled_once_per_shape(tmp_path: Path) -> None:
    first, cached = executable(program(5), str(tmp_path))
    again, found = executable(program(5), str(tmp_path))
    assert (cached, found) == (False, True)
    assert first.SerializeToString() == again.SerializeToString()
    assert executable(program(6), str(tmp_path))[1] is False
    assert len(list(tmp_path.iterdir())) == 2


def test_engines_load_without_jax_until_something_is_compiled() -> None:
    code = (
        "import sys; from hanse.compute.engines import library, shares;"
        "library.libpsi(); shares.Sharing('aby3').split(__import__('numpy').zeros(3));"
        "assert 'jax' not in sys.modules; import hanse.compute.operators;"
        "assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def digests_of(count: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 12), dtype=np.uint8)


def marks_of(count: int, seed: int = 2) -> Any:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def test_lines_for_libpsi_hold_the_first_ninety_bits_and_the_place(tmp_path: Path) -> None:
    digests = digests_of(50)
    psi_files.write(tmp_path / "in.csv", digests)
    header, *lines, end = (tmp_path / "in.csv").read_bytes().split(b"\n")
    assert (header, end, len(lines)) == (b"key,place", b"", 51)
    for number, line in enumerate(lines):
        key, place = line.split(b",")
        assert int.from_bytes(base64.b64decode(place)) == number
        if number < 50:
            assert key == base64.b64encode(digests[number].tobytes())[:15]


def test_each_file_has_a_random_key_and_a_random_hash_beside_it(tmp_path: Path) -> None:
    last: set[bytes] = set()
    hashes: set[str] = set()
    for number in range(3):
        path = tmp_path / f"{number}.csv"
        psi_files.write(path, digests_of(20))
        last.add(path.read_bytes().split(b"\n")[-2][:15])
        remarks = json.loads(psi_files.remarks_of(path).read_bytes())
        hashes.add(remarks.pop("keys_hash"))
        assert remarks == {
            "duplicate_key_cnt": 0,
            "unique_key_cnt": 21,
            "original_cnt": 21,
            "source_file_size": str(path.stat().st_size),
        }
    assert len(last) == len(hashes) == 3
    assert all(len(base64.b64decode(value)) == 32 for value in hashes)


def test_result_lines_are_read_back_as_places(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    psi_files.write(path, digests_of(300))
    _, *lines, _ = path.read_bytes().split(b"\n")
    chosen = [0, 7, 8, 299]

    def result(kept: list[bytes]) -> Any:
        (tmp_path / "out.csv").write_bytes(b"\n".join([b'"key","place"', *kept, b""]))
        return psi_files.read(tmp_path / "out.csv", 300)

    assert result([lines[place] for place in chosen]).tolist() == chosen
    assert result([]).tolist() == []
    for wrong in ([lines[300]], [lines[3], lines[2]], [lines[3], lines[3]], [lines[3][:-1]]):
        with pytest.raises(LinkFailed):
            result(wrong)
    with pytest.raises(LinkFailed):
        result([lines[3][:16] + b"????????"])


def test_keys_stand_in_the_order_of_their_marks() -> None:
    digests, marks = digests_of(1000), marks_of(1000)
    keys = psi.Keys(digests, marks, np.arange(len(marks)))
    assert marks[keys.rows].tolist() == sorted(marks.tolist())
    assert np.array_equal(keys.digests, digests[keys.rows])
    assert len(keys) == 1000


def test_keys_of_one_mark_have_one_order_and_repeated_ones_are_refused() -> None:
    digests, marks = digests_of(300), marks_of(300) % np.uint64(7)
    keys = psi.Keys(digests, marks, np.arange(len(marks)))
    turned = psi.Keys(digests[::-1], marks[::-1], np.arange(len(marks)))
    assert np.array_equal(keys.digests, turned.digests)
    assert marks[keys.rows].tolist() == sorted(marks.tolist())
    for place in (0, 17, 299):
        twice = np.concatenate([digests, digests[place : place + 1]])
        with pytest.raises(DuplicateKeys):
            psi.Keys(twice, np.append(marks, marks[place]), np.arange(len(twice)))


def test_doorbell_waits_for_peers_and_names_who_does_not_come() -> None:
    mine, theirs = (f"127.0.0.1:{port}" for port in free_ports(2))
    came, done = threading.Event(), threading.Event()

    def come_late() -> None:
        time.sleep(0.3)
        came.set()
        doorbell.wait_for_all(theirs, {"a": mine}, PATIENCE_S)
        with socket.create_server(doorbell.parse(theirs)):  # what the link does next
            done.wait(PATIENCE_S)

    late = threading.Thread(target=come_late)
    late.start()
    doorbell.wait_for_all(mine, {"b": theirs}, PATIENCE_S)
    assert came.is_set()
    done.set()
    late.join()
    with pytest.raises(PeerLost) as caught:
        doorbell.wait_for_all(mine, {"b": theirs}, 0.2)
    assert (caught.value.blamed, caught.value.phase) == ("b", "connect")
    with pytest.raises(LinkFailed):
        doorbell.wait_for_all("nonsense", {}, 0.2)


def test_link_carries_bytes_and_refuses_strangers() -> None:
    until = int(time.time() * 1000) + 3_600_000
    pairs = {alias: make_task_certificate(alias, until) for alias in ("a", "b")}
    ports = dict(zip(pairs, free_ports(2), strict=True))
    members = [Member(alias, f"127.0.0.1:{ports[alias]}", pairs[alias][0]) for alias in pairs]
    links: dict[str, Link] = {}

    def open_link(alias: str) -> None:
        links[alias] = Link(
            "data",
            members,
            alias,
            Identity(*pairs[alias]),
            connect_timeout_ms=120_000,
            silence_timeout_ms=120_000,
        )

    threads = [threading.Thread(target=open_link, args=(alias,)) for alias in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    big = bytes(3_000_000) + b"\xff\x00end"
    sender = threading.Thread(target=links["a"].send, args=("b", big))
    sender.start()
    assert links["b"].receive("a") == big
    sender.join()
    assert links["a"].bytes_sent == len(big)

    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask_without_certificate(plain, *doorbell.parse(members[0].endpoint))


def ask_without_certificate(context: ssl.SSLContext, host: str, port: int) -> None:
    with context.wrap_socket(socket.create_connection((host, port), 60)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        if not stranger.recv(1):
            raise ConnectionError


def test_rows_of_equal_keys_are_found_again() -> None:
    digests = digests_of(4)[[0, 1, 0, 2, 1, 0]]
    marks = np.array([30, 10, 30, 20, 10, 30], np.uint64)
    keys = psi.Keys(digests, marks, np.arange(6) * 10, first_of_equal=True)
    assert keys.rows.tolist() == [10, 30, 0]
    assert keys.every.tolist() == [10, 40, 30, 0, 20, 50]
    assert keys.counts.tolist() == [2, 1, 3]
    assert keys.with_equal(np.array([0, 10])).tolist() == [0, 20, 50, 10, 40]
    assert keys.with_equal(np.empty(0, np.int64)).tolist() == []
    alone = psi.Keys(digests_of(4), marks_of(4), np.arange(4))
    assert alone.with_equal(np.array([2])).tolist() == [2]
    assert alone.counts.tolist() == [1, 1, 1, 1]
