"""Reports as operators store them: one JSON or MessagePack object."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.collaboration.engine.errors import ResultNotReadable


def decode_report(data: bytes) -> dict[str, Any]:
    """The report as plain values.

    Raises:
        ResultNotReadable: the bytes are no report.
    """
    # "{" is a small integer in MessagePack, never the start of an object.
    decode = msgspec.json.decode if data[:1] == b"{" else msgspec.msgpack.decode
    try:
        return decode(data, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ResultNotReadable("the stored result is no report") from error
