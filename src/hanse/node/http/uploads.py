"""Uploaded tables: read from the network straight into an encrypted file.

The usual form parser would spool the plain rows to a temporary directory; here they are sealed
under a key that lives in memory only before they reach any disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from pydantic import ValidationError
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from hanse.api.data import ImportOptions
from hanse.api.errors import InvalidRequest, describe
from hanse.data.importing import Source
from hanse.data.scratch import Scratch

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE = "upload"
MAXIMUM_OPTIONS_BYTES = 65_536
_FLUSH_BYTES = 1 << 20


@dataclass(frozen=True)
class Upload:
    """What arrived: how to read it, and the file to read."""

    options: ImportOptions
    source: Source


class _Parts:
    """Callbacks of the parser: collects the ``options`` field, gathers the file's bytes."""

    def __init__(self) -> None:
        self.options = bytearray()
        self.pending = bytearray()
        self.has_file = False
        self._name = b""
        self._header = (bytearray(), bytearray())

    def on_part_begin(self) -> None:
        self._name = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        field, value = bytes(self._header[0]).lower(), bytes(self._header[1])
        self._header = (bytearray(), bytearray())
        if field == b"content-disposition":
            self._name = parse_options_header(value)[1].get(b"name", b"")

    def on_headers_finished(self) -> None:
        if self._name == b"file":
            if self.has_file:
                raise InvalidRequest("file: only one file at a time")
            self.has_file = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == b"file":
            self.pending.extend(data[start:end])
        elif self._name == b"options":
            self.options.extend(data[start:end])
            if len(self.options) > MAXIMUM_OPTIONS_BYTES:
                raise InvalidRequest("options: too long")


async def receive_upload(request: Request, scratch: Scratch, held: ExitStack) -> Upload:
    """Read a ``multipart/form-data`` body with the parts ``options`` (JSON) and ``file``.

    Args:
        request: body not read yet.
        scratch: where the file goes, encrypted.
        held: closes what was opened if the upload fails.

    Raises:
        InvalidRequest: no multipart body, a part missing, or options that do not fit.
        BodyTooLarge, StorageFull: as named.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type", "").encode())
    boundary = parameters.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise InvalidRequest("body: send multipart/form-data with the parts options and file")
    parts = _Parts()
    callbacks: MultipartCallbacks = {
        "on_part_begin": parts.on_part_begin,
        "on_header_field": parts.on_header_field,
        "on_header_value": parts.on_header_value,
        "on_header_end": parts.on_header_end,
        "on_headers_finished": parts.on_headers_finished,
        "on_part_data": parts.on_part_data,
    }
    parser = MultipartParser(boundary, callbacks)
    writer = scratch.create(FILE)
    held.callback(writer.close)
    try:
        async for chunk in _chunks(request):
            parser.write(chunk)
            if len(parts.pending) >= _FLUSH_BYTES:
                await asyncio.to_thread(writer.write, bytes(parts.pending))
                parts.pending.clear()
        parser.finalize()
    except MultipartParseError as error:
        raise InvalidRequest("body: malformed multipart/form-data") from error
    await asyncio.to_thread(writer.write, bytes(parts.pending))
    await asyncio.to_thread(writer.close)
    if not parts.has_file:
        raise InvalidRequest("file: missing")
    return Upload(_options(bytes(parts.options)), lambda: cast("BinaryIO", scratch.open(FILE)))


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _options(data: bytes) -> ImportOptions:
    if not data:
        raise InvalidRequest("options: missing")
    try:
        return ImportOptions.model_validate_json(data)
    except ValidationError as error:
        raise InvalidRequest(describe(error.errors(include_input=False))) from None
