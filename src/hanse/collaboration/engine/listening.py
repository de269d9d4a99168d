"""Ports for computing links, from the range a node declares to its firewall."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.collaboration.engine.errors import NoFreePort
from hanse.core.ports import bindable, free_port

MAX_LINKS = 2


def choose_ports(
    host: str, first: int, last: int, links: Iterable[str], used: set[int]
) -> dict[str, int]:
    """One free port for each link.

    Args:
        host: address the workers will listen on.
        first, last: the declared range, both inclusive; 0 takes any free one.
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
        if port := free_port(host, taken):
            return port
        raise NoFreePort(f"no port is free at {host}")
    for candidate in range(first, last + 1):
        if candidate not in taken and bindable(host, candidate):
            return candidate
    raise NoFreePort(f"the ports {first} to {last} are all in use")
