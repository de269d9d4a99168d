"""Free TCP ports that stay free until somebody listens on them.

A port the system picks itself (``bind`` to 0) comes from the range it also gives to outgoing
connections, so between picking and listening any connection of any process may take it. Ports
chosen here lie below that range.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Collection
from functools import cache
from pathlib import Path

FIRST_PORT = 10_000
_ATTEMPTS = 500
_FEWEST = 1_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_random = random.SystemRandom()  # processes that choose at the same time choose differently


def free_port(host: str = "127.0.0.1", taken: Collection[int] = ()) -> int:
    """A port that can be listened on now.

    Args:
        host: address to be listened on, IPv4 or IPv6.
        taken: ports not to choose although they can be bound.

    Returns:
        The port, or 0 when none was found.
    """
    last = _last_port()
    candidates = (_random.randrange(FIRST_PORT, last) if last else 0 for _ in range(_ATTEMPTS))
    for candidate in candidates:
        port = 0 if candidate in taken else bindable(host, candidate)
        if port and port not in taken:
            return port
    return 0


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Distinct ports that can be listened on now.

    Raises:
        OSError: when there are not so many.
    """
    chosen: list[int] = []
    for _ in range(count):
        port = free_port(host, chosen)
        if not port:
            raise OSError(f"no free port at {host}")
        chosen.append(port)
    return chosen


def bindable(host: str, port: int) -> int:
    """The port when it can be bound now, else 0; 0 asks the system for any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


@cache
def _last_port() -> int:
    """End (exclusive) of the ports below those of outgoing connections; 0 when too few are."""
    try:
        first = int(_EPHEMERAL.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    return first if first >= FIRST_PORT + _FEWEST else 0
