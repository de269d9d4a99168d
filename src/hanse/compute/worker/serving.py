"""What a node and a worker that serves say to each other while the worker lives.

A worker that serves is a task without an end: its links and its machine stay open, and its node
hands it one round after the other. Every party's worker asks its own node before a round.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Ready(msgspec.Struct, frozen=True, tag_field="kind", tag="ready"):
    """Links are open and everything is loaded."""


class Admit(msgspec.Struct, frozen=True, tag_field="kind", tag="admit"):
    """A round is asked for under this ticket; the worker waits for `Admitted` or `Refused`."""

    ticket: str


class Answered(msgspec.Struct, frozen=True, tag_field="kind", tag="answered"):
    """The receiver's result of a round: one row for each key, and receipts by alias."""

    number: int
    rows: list[Any]
    receipts: dict[str, str]


class Declined(msgspec.Struct, frozen=True, tag_field="kind", tag="declined"):
    """A party refused a round; the service goes on."""

    number: int
    code: str
    message: str
    blamed: str
    receipts: dict[str, str]


class Query(msgspec.Struct, frozen=True, tag_field="kind", tag="query"):
    """The receiver's node asks for a round.

    Attributes:
        number: names the round to the node.
        ticket: signed by the receiver's node; the other nodes count by it.
        keys: one list of key components for each id or key.
    """

    number: int
    ticket: str
    keys: list[list[str]]


class Admitted(msgspec.Struct, frozen=True, tag_field="kind", tag="admitted"):
    """The node counted the round; its receipt goes to the receiver."""

    receipt: str


class Refused(msgspec.Struct, frozen=True, tag_field="kind", tag="refused"):
    """The node does not take part in the round."""

    code: str
    message: str


class Close(msgspec.Struct, frozen=True, tag_field="kind", tag="close"):
    """No more rounds; said to the receiver's worker, which parts from the others."""


Command = Query | Admitted | Refused | Close
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def encode_command(command: Command) -> bytes:
    """One JSON line."""
    return _encoder.encode(command) + b"\n"


def decode_command(line: bytes) -> Command:
    """Read a line of the node; raises `msgspec.DecodeError`."""
    return _decoder.decode(line)
