"""Wait until all members of a link are there, before the link library tries to connect.

brpc that finds a peer's port closed looks again only after three seconds. So every member
first listens at its endpoint itself, sees that every peer's endpoint accepts a connection
(the peer's doorbell, or its link already), and only then opens the link. Nothing is sent.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Mapping

from hanse.compute.errors import LinkFailed, PeerLost

_RETRY_S = 0.02
_ATTEMPT_S = 2.0
_BACKLOG = 64


def wait_for_all(endpoint: str, peers: Mapping[str, str], timeout_s: float) -> None:
    """Listen at ``endpoint`` until every peer's endpoint accepts connections.

    Args:
        endpoint: own ``host:port``; free again on return.
        peers: ``host:port`` by alias.
        timeout_s: how long to wait for all of them.

    Raises:
        LinkFailed: when the own endpoint cannot be listened at.
        PeerLost: naming a peer that did not come.
    """
    until = time.monotonic() + timeout_s
    with _listen(endpoint, until):
        for alias, address in peers.items():
            while not _answers(address):
                if time.monotonic() > until:
                    raise PeerLost(
                        f"{alias} did not come to the session", phase="connect", blamed=alias
                    )
                time.sleep(_RETRY_S)


def parse(endpoint: str) -> tuple[str, int]:
    """Host and port of ``host:port``; IPv6 hosts stand in brackets.

    Raises:
        LinkFailed: when it has another form.
    """
    host, _, port = endpoint.rpartition(":")
    if not host or not port.isdigit():
        raise LinkFailed(f"not an endpoint: {endpoint[:80]!r}", phase="connect")
    return host.strip("[]"), int(port)


def _listen(endpoint: str, until: float) -> socket.socket:
    """Listen; a port that the last task has not left yet is waited for."""
    host, port = parse(endpoint)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                message = f"this node cannot listen at {endpoint}"
                raise LinkFailed(message, phase="connect", debug=str(error)) from error
            time.sleep(_RETRY_S)
        else:
            return listener


def _answers(endpoint: str) -> bool:
    try:
        socket.create_connection(parse(endpoint), _ATTEMPT_S).close()
    except OSError:
        return False
    return True
