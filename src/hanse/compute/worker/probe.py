"""Whether another party of a task is still there: its process, not only its port.

A process that is stopped or hangs still has its connections accepted, by its kernel. So now and
then a whole TLS handshake is made with its end of the link, which only the process can answer.
Nothing is sent over it.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterable

from hanse.compute.engines.doorbell import parse

TIMEOUT_S = 2.0
REFUSED_TIMES = 4
HANDSHAKE_EVERY = 4


class Probe:
    """Looks at one peer, time and again.

    Args:
        endpoint: ``host:port`` of its end of the link.
        context: how to call it; see `calling`.
        silence_s: how long it may not answer at all.
    """

    def __init__(self, endpoint: str, context: ssl.SSLContext, silence_s: float) -> None:
        self._address = parse(endpoint)
        self._context = context
        self._silence_s = silence_s
        self._looks = 0
        self._refused = 0
        self._silent_since: float | None = None

    def is_lost(self) -> bool:
        """Look once; whether the peer has to be given up.

        Refused connections in a row mean that its process died, failed handshakes that somebody
        alters what passes or sits in its place; no answer at all is borne with for a while.
        """
        self._looks += 1
        try:
            self._call(shake_hands=self._must_answer())
        except (ConnectionError, ssl.SSLError):
            self._refused += 1
            return self._refused >= REFUSED_TIMES
        except OSError:
            now = time.monotonic()
            self._silent_since = self._silent_since or now
            return now - self._silent_since > self._silence_s
        self._refused, self._silent_since = 0, None
        return False

    def _must_answer(self) -> bool:
        """Whether an accepted connection is not enough this time."""
        is_doubtful = self._refused > 0 or self._silent_since is not None
        return is_doubtful or self._looks % HANDSHAKE_EVERY == 0

    def _call(self, *, shake_hands: bool) -> None:
        with socket.create_connection(self._address, TIMEOUT_S) as plain:
            if shake_hands:
                with self._context.wrap_socket(plain):
                    pass


def calling(certificate: str, private_key: str, trusted: Iterable[str]) -> ssl.SSLContext:
    """How a party of a task calls others: by its own certificate, to nobody but them.

    Args:
        certificate: its own, PEM.
        private_key: PEM; it touches no disk.
        trusted: the others' certificates, PEM.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # exactly these certificates are trusted, whatever they name
    context.load_verify_locations(cadata="\n".join(trusted))
    descriptor = os.memfd_create("hanse-identity", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, f"{certificate}\n{private_key}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return context
