"""Ports for computing links, from the range a node declares to its firewall."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from hanse.collaboration.engine.errors import NoFreePort

MAX_LINKS = 2


def choose_ports(
    host: str, first: int, last: int, links: Iterable[str], used: set[int]
) -> dict[str, int]:
    """One free port for each link.

    Args:
        host: address the workers will listen on.
        first, last: the declared range, both inclusive; 0 lets the system choose.
        links: link names.
        used: ports offered for other attempts; not given out twice.

    Raises:
        NoFreePort: when the range is used up.
    """
    chosen: dict[str, int] = {}
    taken = set(used)
    for link in links:
        port = _free(host, first, last, taken)
        taken.add(port)
        chosen[link] = port
    return chosen


def _free(host: str, first: int, last: int, taken: set[int]) -> int:
    if first == 0:
        for _ in range(100):
            port = _bind(host, 0)
            if port and port not in taken:
                return port
        raise NoFreePort("the system gives no free port")
    for candidate in range(first, last + 1):
        if candidate not in taken and _bind(host, candidate):
            return candidate
    raise NoFreePort(f"the ports {first} to {last} are all in use")


def _bind(host: str, port: int) -> int:
    """The port when it can be bound now, else 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])
