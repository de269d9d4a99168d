"""Frames on the socket: a length as unsigned varint, then one envelope in protobuf."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError, Message

from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.errors import BadEngineMessage, EngineMessageTooLarge, WrongAnswer

# The engine refuses blocks above 100 MiB; a proposal is a block and its last commit.
MAX_FRAME_BYTES = 128 * 1024 * 1024
_LENGTH_BYTES = 5  # 35 bits, more than any frame allowed
_LENGTH_DELIMITED = 2

# Request and answer of one call have the same field name; so has the method of `Handlers`.
_ANSWERS = {field.name: field for field in pb.Response.DESCRIPTOR.fields}


class FrameSplitter:
    """Cuts the byte stream of a connection into envelopes.

    Args:
        max_frame_bytes: longest envelope accepted.
    """

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._rest = bytearray()
        self._wanted = 0  # bytes of `_rest` below which looking again is useless

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Envelopes completed by these bytes.

        Raises:
            EngineMessageTooLarge: a frame announces more than ``max_frame_bytes``.
            BadEngineMessage: the length is no varint of at most five bytes.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data = bytes(self._rest)
            self._rest = bytearray()
        position = 0
        while (bounds := self._bounds(data, position)) and bounds[1] <= len(data):
            yield data[bounds[0] : bounds[1]]
            position = bounds[1]
        if position < len(data):
            self._rest += data[position:]
            self._wanted = bounds[1] - position if bounds else 0

    def _bounds(self, data: bytes, position: int) -> tuple[int, int] | None:
        """Where the next envelope begins and ends; None while its length is incomplete."""
        length = shift = 0
        for index in range(position, min(position + _LENGTH_BYTES, len(data))):
            byte = data[index]
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                return index + 1, index + 1 + self._allowed(length)
            shift += 7
        if len(data) - position >= _LENGTH_BYTES:
            raise BadEngineMessage("the length of a frame is no short varint")
        return None

    def _allowed(self, length: int) -> int:
        if length > self._max_frame_bytes:
            raise EngineMessageTooLarge(
                f"a frame of {length} bytes; at most {self._max_frame_bytes} are accepted"
            )
        return length


def decode_request(envelope: bytes) -> tuple[str, Message]:
    """Name of the request (as the methods of `Handlers`) and the request itself.

    Raises:
        BadEngineMessage: this is no request of ABCI 2.0.
    """
    try:
        request = pb.Request.FromString(envelope)
    except DecodeError as error:
        raise BadEngineMessage("a frame is no request of ABCI 2.0", debug=str(error)) from None
    kind = request.WhichOneof("value")
    if kind is None:
        raise BadEngineMessage("a frame holds no request known to ABCI 2.0")
    return kind, getattr(request, kind)


def encode_response(kind: str, answer: Message) -> bytes:
    """The frame that holds an answer. The envelope is written by hand: it saves a deep copy.

    Raises:
        WrongAnswer: the message is not the answer to a request of this kind.
    """
    field = _ANSWERS[kind]
    if answer.DESCRIPTOR is not field.message_type:
        raise WrongAnswer(f"{answer.DESCRIPTOR.name} is no answer to {kind}")
    body = answer.SerializeToString()
    head = uvarint(field.number << 3 | _LENGTH_DELIMITED) + uvarint(len(body))
    return uvarint(len(head) + len(body)) + head + body


def encode_request(request: pb.Request) -> bytes:
    """The frame that holds a request: what the engine sends."""
    body = request.SerializeToString()
    return uvarint(len(body)) + body


def uvarint(number: int) -> bytes:
    """Base 128, least significant group first. ``number`` is not negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
