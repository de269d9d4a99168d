"""CMAC of many messages at once is CMAC of each, as another implementation computes it."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.crypto.bulk_mac import BulkMac
from hanse.crypto.errors import BadKey

KEY = bytes(range(32))


def tags_of(messages: list[bytes], key: bytes = KEY) -> list[bytes]:
    data = np.frombuffer(b"".join(messages), np.uint8)
    bounds = np.cumsum([0, *map(len, messages)]).astype(np.int64)
    return [tag.tobytes() for tag in BulkMac(key).tags(data, bounds)]


def reference(message: bytes, key: bytes = KEY) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


@given(st.lists(st.binary(max_size=70), max_size=40), st.sampled_from([16, 24, 32]))
@settings(deadline=None)
def test_each_tag_is_the_message_s_own(messages: list[bytes], size: int) -> None:
    key = KEY[:size]
    assert tags_of(messages, key) == [reference(message, key) for message in messages]


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32, 1000])
def test_messages_of_one_length_are_told_apart(length: int) -> None:
    messages = [bytes([n]) * length for n in range(20)]
    assert tags_of(messages) == [reference(message) for message in messages]


def test_one_way_is_the_cipher_fed_forward() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    blocks = np.random.default_rng(1).integers(0, 256, (9, 16), dtype=np.uint8)
    cipher = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor()
    expected = [
        bytes(a ^ b for a, b in zip(cipher.update(row.tobytes()), row.tobytes(), strict=True))
        for row in blocks
    ]
    assert [row.tobytes() for row in BulkMac(KEY).one_way(blocks)] == expected


def test_other_key_lengths_are_refused() -> None:
    with pytest.raises(BadKey):
        BulkMac(bytes(20))
