"""One connection of the engine: requests in, answers out, strictly in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import cast

import structlog
from google.protobuf.message import Message

from hanse.core.errors import HanseError
from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.errors import WrongAnswer
from hanse.ledger.bft.abci.handlers import Handlers
from hanse.ledger.bft.abci.wire import FrameSplitter, decode_request, encode_response

MAX_BATCH = 512
# Bytes of requests waiting for the application above which nothing more is read.
READ_AHEAD_BYTES = 8 * 1024 * 1024
_log = structlog.get_logger("hanse.ledger.abci")


class Connection(asyncio.Protocol):
    """Reads requests, has the application handle them one after the other, writes the answers.

    Args:
        handlers: the application.
        max_frame_bytes: longest request accepted.
        max_batch: most `CheckTx` requests handed over at once.
        on_end: called with this connection when it has ended and no handler runs any more.
    """

    def __init__(
        self,
        handlers: Handlers,
        max_frame_bytes: int,
        max_batch: int,
        on_end: Callable[[Connection], None],
    ) -> None:
        self._handlers = handlers
        self._splitter = FrameSplitter(max_frame_bytes)
        self._max_batch = max_batch
        self._on_end = on_end
        self._requests: deque[tuple[str, Message]] = deque()
        self._waiting_bytes = 0
        self._unreadable: HanseError | None = None
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._open = True
        self._transport: asyncio.Transport | None = None
        self._worker: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def data_received(self, data: bytes) -> None:
        if self._unreadable is not None:
            return
        try:
            for envelope in self._splitter.feed(data):
                self._requests.append(decode_request(envelope))
                self._waiting_bytes += len(envelope)
        except HanseError as error:
            self._unreadable = error  # what came whole before it is answered first
        if self._waiting_bytes > READ_AHEAD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        self._arrived.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def close(self) -> None:
        """Close; a handler at work ends first, requests that wait are dropped."""
        self._open = False
        self._arrived.set()
        self._writable.set()
        if self._transport is not None:
            self._transport.close()

    async def ended(self) -> None:
        """Return once no handler runs any more."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        try:
            while self._open:
                await self._arrived.wait()
                self._arrived.clear()
                await self._answer_waiting()
        except Exception as error:  # whatever went wrong, the engine must not go on
            self._fail(error)
        finally:
            self.close()
            self._on_end(self)

    async def _answer_waiting(self) -> None:
        while self._open and self._requests:
            kind, request = self._requests.popleft()
            if kind == "check_tx":
                await self._check([cast(pb.RequestCheckTx, request), *self._more_checks()])
            else:
                await self._write(encode_response(kind, await self._handle(kind, request)))
            self._read_on()
        if self._open and self._unreadable is not None:
            raise self._unreadable

    def _more_checks(self) -> Iterator[pb.RequestCheckTx]:
        """The `CheckTx` requests that wait in a row, as many as fit into the batch."""
        for _ in range(self._max_batch - 1):
            if not self._requests or self._requests[0][0] != "check_tx":
                return
            yield cast(pb.RequestCheckTx, self._requests.popleft()[1])

    def _read_on(self) -> None:
        """Read again once everything read ahead is answered."""
        if not self._requests and self._transport is not None:
            self._waiting_bytes = 0
            if not self._transport.is_closing():
                self._transport.resume_reading()

    async def _handle(self, kind: str, request: Message) -> Message:
        if kind == "flush":
            return pb.ResponseFlush()
        if isinstance(request, pb.RequestEcho):
            return pb.ResponseEcho(message=request.message)
        # Every other request is named as the method of `Handlers` that handles it.
        return cast(Message, await getattr(self._handlers, kind)(request))

    async def _check(self, requests: list[pb.RequestCheckTx]) -> None:
        answers = await self._handlers.check_tx(requests)
        if len(answers) != len(requests):
            raise WrongAnswer(f"{len(answers)} answers to {len(requests)} transactions")
        await self._write(b"".join(encode_response("check_tx", each) for each in answers))

    async def _write(self, frames: bytes) -> None:
        if self._open and self._transport is not None:
            self._transport.write(frames)
            await self._writable.wait()

    def _fail(self, error: Exception) -> None:
        code = error.code if isinstance(error, HanseError) else "internal.error"
        _log.error("application failed", code=code, exc_info=error)
        if self._open and self._transport is not None:
            answer = pb.ResponseException(error=f"{code}: {error}")
            self._transport.write(encode_response("exception", answer))
