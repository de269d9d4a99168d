"""A signature verification process: frames of checks on standard input, verdicts out.

Started by `hanse.ledger.intake.verifiers`; ends when its input ends. It holds no keys and
no state. Frame: length (4 bytes, big endian), MessagePack list of (public key, domain, message,
signature). Answer: one byte per check, 1 when the signature holds.
"""

from __future__ import annotations

import signal
import sys
from typing import BinaryIO

import msgspec

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite, get_suite

Check = tuple[bytes, str, bytes, bytes]
_decoder = msgspec.msgpack.Decoder(list[Check])


def holds(suite: Suite, check: Check) -> bool:
    """Whether one signature holds."""
    try:
        suite.verify(*check)
    except HanseError:
        return False
    return True


def serve(suite: Suite, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer frames until the input ends."""
    while len(header := source.read(4)) == 4:
        frame = source.read(int.from_bytes(header, "big"))
        sink.write(bytes([holds(suite, check) for check in _decoder.decode(frame)]))
        sink.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when we end
    serve(get_suite(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
