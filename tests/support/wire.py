"""What passes over loopback at given ports, as anybody with a tap on the network sees it.

    with Wire(range(9_000, 9_100)) as wire:
        ...
    wire.streams  # payload by direction of each connection

Nothing is opened: where TLS runs, its records are seen. Listening needs the right to raw
sockets, as root has it.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Collection
from types import TracebackType
from typing import Self

_EVERY_PROTOCOL = 0x0003
_IPV4 = 0x0800
_TCP = 6
_PACKET_OUTGOING = 4  # loopback shows each packet on its way out and in
_BUFFER_BYTES = 64 << 20
_SO_RCVBUFFORCE = 33
_LARGEST = 1 << 17
_POLL_S = 0.2

Direction = tuple[int, int]
"""Source and destination port."""


class NoRawSockets(Exception):
    """Whoever runs the tests may not listen on the network."""


class Wire:
    """Keeps TCP payloads from and to these ports on loopback while the block runs."""

    def __init__(self, ports: Collection[int]) -> None:
        self._ports = ports
        self._segments: dict[Direction, dict[int, bytes]] = defaultdict(dict)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wire")
        try:
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL)
            )
        except PermissionError as error:
            raise NoRawSockets("raw sockets are for root: nothing was listened to") from error
        self._socket.bind(("lo", 0))
        self._socket.settimeout(_POLL_S)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    @property
    def streams(self) -> dict[Direction, bytes]:
        """Payloads in the order they came, which loopback keeps; what is sent again counts once."""
        return {
            direction: b"".join(segments.values()) for direction, segments in self._segments.items()
        }

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                packet, (_, protocol, kind, *_) = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                continue
            if protocol == _IPV4 and kind != _PACKET_OUTGOING:
                self._keep(packet[14:])

    def _keep(self, packet: bytes) -> None:
        header = (packet[0] & 0x0F) * 4
        if packet[9] != _TCP:
            return
        source, target, sequence = struct.unpack_from("!HHI", packet, header)
        if source not in self._ports and target not in self._ports:
            return
        size = struct.unpack_from("!H", packet, 2)[0] or len(packet)
        payload = packet[header + (packet[header + 12] >> 4) * 4 : size]
        if payload:
            self._segments[source, target].setdefault(sequence, payload)
