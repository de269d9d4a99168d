"""Free ports: distinct, listenable, and out of the reach of outgoing connections."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hanse.core import ports


@pytest.fixture
def ephemeral(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's range of ports for outgoing connections, to be written by the test."""
    path = tmp_path / "range"
    monkeypatch.setattr(ports, "_EPHEMERAL", path)
    ports._last_port.cache_clear()
    yield path
    ports._last_port.cache_clear()


def test_ports_are_distinct_and_below_those_of_outgoing_connections(ephemeral: Path) -> None:
    ephemeral.write_text("20000\t60999\n")
    chosen = ports.free_ports(40)
    assert len(set(chosen)) == 40
    assert all(ports.FIRST_PORT <= port < 20_000 for port in chosen)
    with socket.create_server(("127.0.0.1", chosen[0])):
        assert ports.bindable("127.0.0.1", chosen[0]) == 0
    assert ports.bindable("127.0.0.1", chosen[0]) == chosen[0]


@pytest.mark.parametrize("text", ["10500 60999", "", "nonsense"])
def test_where_no_such_range_is_left_the_system_chooses(ephemeral: Path, text: str) -> None:
    ephemeral.write_text(text)
    assert ports.free_port() > 0


def test_no_port_is_given_at_an_address_of_another_machine() -> None:
    assert ports.free_port("192.0.2.1") == 0
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        ports.free_ports(1, "192.0.2.1")
