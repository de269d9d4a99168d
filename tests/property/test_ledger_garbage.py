"""What arrives from others, altered at random: refused by name, never a crash.

A transaction, a vote or a proposal reaches every node; an error without a name would take the
engine down at all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_network import Add, Network

from hanse.core.errors import HanseError
from hanse.ledger.certificates import (
    Certificate,
    CommitSignature,
    Statement,
    VoteExtension,
    decode_certificate,
    decode_extension,
    encode_certificate,
    encode_extension,
)
from hanse.ledger.transaction import parse_transaction

NETWORK = Network(members=1)
ZEROS = "00" * 32
STATEMENT = Statement(
    chain=ZEROS,
    height=7,
    header=ZEROS,
    block_id=ZEROS,
    app_hash=ZEROS,
    receipts_root=ZEROS,
    validators=ZEROS,
    next_validators=ZEROS,
)
SAMPLES: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "transaction": (
        NETWORK.transaction(Add("x", 1)),
        lambda raw: parse_transaction(NETWORK.suite, raw),
    ),
    "extension": (encode_extension(VoteExtension(STATEMENT, "00" * 64)), decode_extension),
    "certificate": (
        encode_certificate(Certificate(STATEMENT, [CommitSignature("did:a", "00" * 64)])),
        decode_certificate,
    ),
}
CHANGES = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 1), st.binary(max_size=4)), max_size=4
)


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=300, deadline=None)
@given(changes=CHANGES)
def test_altered_bytes_are_read_alike_or_refused_by_name(
    name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    data, read = SAMPLES[name]
    for place, taken, put in changes:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + taken :]
    try:
        read(data)
    except HanseError as error:
        assert error.code
