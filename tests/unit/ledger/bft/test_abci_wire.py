"""Frames of the engine's socket."""

import random

import pytest

from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.errors import BadEngineMessage, EngineMessageTooLarge, WrongAnswer
from hanse.ledger.bft.abci.wire import (
    FrameSplitter,
    decode_request,
    encode_request,
    encode_response,
    uvarint,
)


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**21, "80808001")],
)
def test_uvarint_is_that_of_protobuf(number: int, encoded: str) -> None:
    assert uvarint(number).hex() == encoded


def test_frames_come_out_whole_however_the_stream_is_cut() -> None:
    chance = random.Random(7)
    payloads = [chance.randbytes(size) for size in (0, 1, 127, 128, 5000, 0, 70_000, 3)]
    stream = b"".join(uvarint(len(each)) + each for each in payloads)
    for _ in range(50):
        splitter, out, position = FrameSplitter(), [], 0
        while position < len(stream):
            size = chance.choice((1, 2, 3, 100, 9000))
            out += splitter.feed(stream[position : position + size])
            position += size
        assert out == payloads


def test_oversized_frame_is_refused_from_its_length_alone() -> None:
    splitter = FrameSplitter(max_frame_bytes=10)
    assert list(splitter.feed(uvarint(10) + b"0123456789")) == [b"0123456789"]
    with pytest.raises(EngineMessageTooLarge):
        list(splitter.feed(uvarint(11)))


def test_frames_before_an_oversized_one_come_out() -> None:
    stream = FrameSplitter(max_frame_bytes=10).feed(b"\x01a" + uvarint(11))
    assert next(stream) == b"a"
    with pytest.raises(EngineMessageTooLarge):
        next(stream)


def test_endless_length_is_refused() -> None:
    with pytest.raises(BadEngineMessage):
        list(FrameSplitter().feed(b"\xff" * 5))


@pytest.mark.parametrize("garbage", [b"", b"\xff\xff", b"GET / HTTP/1.1\r\n", b"\x22\x00"])
def test_what_is_no_request_is_refused(garbage: bytes) -> None:
    with pytest.raises(BadEngineMessage):
        decode_request(garbage)


def test_every_request_is_decoded_and_named_as_its_method() -> None:
    for field in pb.Request.DESCRIPTOR.fields:
        request = pb.Request()
        getattr(request, field.name).SetInParent()
        (envelope,) = FrameSplitter().feed(encode_request(request))
        kind, inner = decode_request(envelope)
        assert kind == field.name
        assert inner.DESCRIPTOR is field.message_type


def test_hand_written_envelope_is_that_of_protobuf() -> None:
    for field in pb.Response.DESCRIPTOR.fields:
        response = pb.Response()
        getattr(response, field.name).SetInParent()
        if field.name == "load_snapshot_chunk":
            response.load_snapshot_chunk.chunk = bytes(1000)
        expected = response.SerializeToString()
        frame = encode_response(field.name, getattr(response, field.name))
        assert frame == uvarint(len(expected)) + expected


def test_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(WrongAnswer):
        encode_response("commit", pb.ResponseInfo())
