"""Who is there and who is not: a port without a process, a process that hangs, a foreign one."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hanse.compute.worker.probe import HANDSHAKE_EVERY, REFUSED_TIMES, TIMEOUT_S, Probe, calling
from hanse.core.ports import free_port
from hanse.crypto.tls import make_task_certificate

UNTIL_MS = int(time.time() * 1000) + 3_600_000


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.compute.worker.probe.TIMEOUT_S", 0.05)


def probe(port: int, trusted: str, silence_s: float = 0.2) -> Probe:
    mine, key = make_task_certificate("me", UNTIL_MS)
    return Probe(f"127.0.0.1:{port}", calling(mine, key, [trusted]), silence_s)


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, str]]:
    """Shakes hands with whoever calls; its port and certificate."""
    certificate, key = make_task_certificate("peer", UNTIL_MS)
    pem = folder / "peer.pem"
    pem.write_text(f"{certificate}\n{key}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    continue  # a plain look, or a caller that trusts somebody else

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], certificate
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_peer_that_answers_is_there(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (port, certificate):
        looks = probe(port, certificate)
        assert not any(looks.is_lost() for _ in range(3 * HANDSHAKE_EVERY))


def test_port_without_a_process_is_lost_after_some_refusals(tmp_path: Path) -> None:
    certificate, _ = make_task_certificate("peer", UNTIL_MS)
    looks = probe(free_port(), certificate)
    assert [looks.is_lost() for _ in range(REFUSED_TIMES)] == [False] * (REFUSED_TIMES - 1) + [True]


def test_process_that_hangs_is_lost_though_its_kernel_accepts(quick: None) -> None:
    certificate, _ = make_task_certificate("peer", UNTIL_MS)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listener:
        looks = probe(listener.getsockname()[1], certificate, silence_s=0.2)
        assert not any(looks.is_lost() for _ in range(HANDSHAKE_EVERY - 1)), "accepted"
        begun = time.monotonic()
        assert not looks.is_lost(), "borne with for a while"
        while not looks.is_lost():
            assert time.monotonic() - begun < 60 * TIMEOUT_S
        assert time.monotonic() - begun > 0.2


def test_another_in_the_peers_place_is_no_answer(tmp_path: Path) -> None:
    expected, _ = make_task_certificate("peer", UNTIL_MS)
    with tls_server(tmp_path) as (port, _):
        looks = probe(port, expected)
        found = [looks.is_lost() for _ in range(HANDSHAKE_EVERY + REFUSED_TIMES - 1)]
        assert found == [False] * (len(found) - 1) + [True]
