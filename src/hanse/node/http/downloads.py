"""Tables as files: written by a thread, sent as they are written, nothing plain on disk."""

from __future__ import annotations

import asyncio
import io
import queue
import threading
from collections.abc import AsyncIterator
from typing import IO, Any, cast

from starlette.responses import StreamingResponse

from hanse.data.exporting import write_table
from hanse.data.types import TableSource

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_CHUNK_BYTES = 256 * 1024
_AHEAD = 8


class _Pipe(io.RawIOBase):
    """A write-only file whose other end is a bounded queue."""

    def __init__(self) -> None:
        super().__init__()
        self.chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self.abandoned = threading.Event()
        self._held = bytearray()
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._held.extend(view)
        self._written += len(view)
        if len(self._held) >= _CHUNK_BYTES:
            self.flush()
        return len(view)

    def flush(self) -> None:
        if self._held and not self.closed:
            self.put(bytes(self._held))
            self._held.clear()

    def put(self, item: bytes | BaseException | None) -> None:
        """Hand one item over; stops when nobody reads any more."""
        while not self.abandoned.is_set():
            try:
                self.chunks.put(item, timeout=0.5)
            except queue.Full:
                continue
            return
        raise BrokenPipeError


def table_response(table: TableSource, format_: str, name: str) -> StreamingResponse:
    """A table as a download.

    Args:
        table: what to send.
        format_: ``csv`` or ``parquet``.
        name: file name without ending; ASCII letters, digits, dots and dashes.
    """
    headers = {"content-disposition": f'attachment; filename="{name}.{format_}"'}
    return StreamingResponse(
        _stream(table, format_), media_type=MEDIA_TYPES[format_], headers=headers
    )


async def _stream(table: TableSource, format_: str) -> AsyncIterator[bytes]:
    pipe = _Pipe()
    thread = threading.Thread(target=_fill, args=(table, format_, pipe), name="export")
    thread.start()
    try:
        while (item := await asyncio.to_thread(pipe.chunks.get)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        pipe.abandoned.set()
        await asyncio.to_thread(thread.join)


def _fill(table: TableSource, format_: str, pipe: _Pipe) -> None:
    end: BaseException | None = None
    try:
        write_table(table, cast("IO[bytes]", pipe), format_)
        pipe.flush()
    except BrokenPipeError:
        return
    except Exception as error:
        end = error
    try:
        pipe.put(end)
    except BrokenPipeError:
        return
