"""Proxies that keep every byte that passes: before a node's API, and inside computing links.

    with Recorder() as recorder:
        port = recorder.forward("bank", "127.0.0.1", 8701)      # plain TCP
        port = recorder.tap("bank→merchant", endpoint, as_bank, as_merchant)  # opens TLS
        ...
        recorder.recordings

A tap stands between two parties of a task. It holds both private keys, which only a test that
made them can: to the caller it is the callee, to the callee it is the caller, and what it keeps
is the plaintext of the link. It listens only once the callee does, as the callee itself would.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CHUNK = 1 << 16
_RETRY_S = 0.02
_PATIENCE_S = 60.0
_OTHER = bytes(byte ^ 0x55 for byte in range(256))


@dataclass
class Recording:
    """One connection: bytes from the caller and bytes back, in order."""

    label: str
    sent: bytearray = field(default_factory=bytearray)
    returned: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Certificate:
    """A party's certificate and private key for a task, PEM."""

    certificate: str
    private_key: str


class Recorder:
    """Runs proxies on a thread of its own until it is closed."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._reserved: list[socket.socket] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._spoiled: set[str] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="recorder")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self.close()

    def forward(self, label: str, host: str, port: int) -> int:
        """Forward TCP to an address, whoever listens there; returns the port to call."""
        return self._run(self._listen(label, host, port, None, None, _free_socket()))

    def tap(
        self, label: str, host: str, port: int, caller: Certificate, callee: Certificate
    ) -> int:
        """Open TLS between two parties; returns the port the caller is to call."""
        own = _free_socket()
        self._reserved.append(own)
        reserved = int(own.getsockname()[1])
        accepting = _server_context(callee, [caller.certificate])
        calling = _client_context(caller, [callee.certificate])
        self._loop.call_soon_threadsafe(
            self._spawn, self._listen_when_there(label, host, port, calling, accepting, own)
        )
        return reserved

    def forward_when_there(self, label: str, host: str, port: int) -> int:
        """Forward a link as it is, listening only once the callee does."""
        own = _free_socket()
        self._reserved.append(own)
        reserved = int(own.getsockname()[1])
        self._loop.call_soon_threadsafe(
            self._spawn, self._listen_when_there(label, host, port, None, None, own)
        )
        return reserved

    def spoil(self, label: str) -> None:
        """From now on, alter every byte that passes."""
        self._spoiled.add(label)

    def close(self) -> None:
        """Stop listening and drop every connection."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def of(self, label: str) -> list[Recording]:
        """What passed one proxy."""
        return [item for item in self.recordings if item.label == label]

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(
        self,
        label: str,
        host: str,
        port: int,
        calling: ssl.SSLContext | None,
        accepting: ssl.SSLContext | None,
        own: socket.socket,
    ) -> int:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._pass_on(label, host, port, calling, reader, writer)
            finally:
                self._tasks.discard(task)

        server = await asyncio.start_server(accepted, sock=own, ssl=accepting)
        self._servers.append(server)
        return int(own.getsockname()[1])

    async def _listen_when_there(
        self,
        label: str,
        host: str,
        port: int,
        calling: ssl.SSLContext | None,
        accepting: ssl.SSLContext | None,
        own: socket.socket,
    ) -> None:
        _, writer = await _connect(host, port, None)
        writer.close()
        await self._listen(label, host, port, calling, accepting, own)

    async def _pass_on(
        self,
        label: str,
        host: str,
        port: int,
        calling: ssl.SSLContext | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        recording = Recording(label)
        self.recordings.append(recording)
        with contextlib.closing(writer), contextlib.suppress(OSError):
            if calling is None:
                onward_reader, onward_writer = await asyncio.open_connection(host, port)
            else:
                onward_reader, onward_writer = await _connect(host, port, calling)
            with contextlib.closing(onward_writer):
                await _both(
                    self._copy(label, reader, onward_writer, recording.sent),
                    self._copy(label, onward_reader, writer, recording.returned),
                )

    async def _copy(
        self,
        label: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        kept: bytearray,
    ) -> None:
        while data := await reader.read(_CHUNK):
            kept += data
            writer.write(data.translate(_OTHER) if label in self._spoiled else data)
            await writer.drain()

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports close on the next turns of the loop
        for own in self._reserved:  # where nobody came to listen
            own.close()


async def _both(*copies: Coroutine[Any, Any, None]) -> None:
    """Until one side has closed: then the other is closed as well."""
    tasks = [asyncio.ensure_future(copy) for copy in copies]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(
    host: str, port: int, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, waiting for a peer that is about to listen."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE_S
    while True:
        try:
            return await asyncio.open_connection(host, port, ssl=context)
        except OSError:
            if loop.time() > until:
                raise
            await asyncio.sleep(_RETRY_S)


def _free_socket() -> socket.socket:
    """Bound and not listening: callers are refused until a server takes it."""
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    return own


def _server_context(own: Certificate, trusted: list[str]) -> ssl.SSLContext:
    return _context(ssl.PROTOCOL_TLS_SERVER, own, trusted)


def _client_context(own: Certificate, trusted: list[str]) -> ssl.SSLContext:
    return _context(ssl.PROTOCOL_TLS_CLIENT, own, trusted)


def _context(protocol: int, own: Certificate, trusted: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata="\n".join(trusted))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.pem"
        path.write_text(own.certificate + "\n" + own.private_key, "ascii")
        context.load_cert_chain(path)
    return context
