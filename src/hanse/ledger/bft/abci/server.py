"""The server the engine connects to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from hanse.ledger.bft.abci.connection import MAX_BATCH, Connection
from hanse.ledger.bft.abci.handlers import Handlers
from hanse.ledger.bft.abci.sockets import listening_socket, remove_socket
from hanse.ledger.bft.abci.wire import MAX_FRAME_BYTES


class AbciServer:
    """Serves an application to the engine, over and over: it outlives the engine's restarts.

    Args:
        path: the socket's path, of any length; made on start and removed on close.
        handlers: the application.
        max_frame_bytes: longest request accepted.
        max_batch: most `CheckTx` requests handed over at once.
    """

    def __init__(
        self,
        path: Path,
        handlers: Handlers,
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
        max_batch: int = MAX_BATCH,
    ) -> None:
        self.path = path
        self._handlers = handlers
        self._max_frame_bytes = max_frame_bytes
        self._max_batch = max_batch
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            SocketOccupied: a file that is no socket is at the path.
            OSError: the directory is not there or not writable.
        """
        listener = listening_socket(self.path)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._accept, sock=listener)

    async def close(self) -> None:
        """Stop listening, let each handler at work end, drop what waits. Can be repeated."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in tuple(self._connections):
            connection.close()
        await asyncio.gather(*(connection.ended() for connection in tuple(self._connections)))
        await server.wait_closed()
        remove_socket(self.path)

    @property
    def connections(self) -> int:
        """How many connections are open; the engine keeps four."""
        return len(self._connections)

    def _accept(self) -> Connection:
        connection = Connection(
            self._handlers, self._max_frame_bytes, self._max_batch, self._connections.discard
        )
        self._connections.add(connection)
        return connection

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
