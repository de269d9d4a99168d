"""AES-CMAC of many short messages at once, without a Python step for each.

CMAC (NIST SP 800-38B; with AES, RFC 4493) is a keyed hash of messages of any length. As long
as its key is unknown to whoever chose the messages, q blocks of input give two messages the same
128-bit tag with a probability of about q^2/2^128. Block j of all messages of one length is
enciphered in one call, so a million short messages take some hundredths of a second.

A tag of a short message can be deciphered by who has the key. `BulkMac.one_way` closes that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hanse.crypto.errors import BadKey

BLOCK_BYTES = 16
Bytes = npt.NDArray[np.uint8]
Ends = npt.NDArray[np.int64]


class BulkMac:
    """AES-CMAC under one key.

    Args:
        key: 16, 24 or 32 bytes.

    Raises:
        BadKey: on another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) not in (16, 24, 32):
            raise BadKey("an AES key has 16, 24 or 32 bytes")
        # The mode only gives access to the bare cipher; the chaining is done here.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        zero = int.from_bytes(self._cipher.update(bytes(BLOCK_BYTES)))
        self._whole, self._padded = _words(_doubled(zero)), _words(_doubled(_doubled(zero)))

    def tags(self, data: Bytes, bounds: Ends) -> Bytes:
        """The tag of each message.

        Args:
            data: the messages one after the other, uint8, shape (bytes,).
            bounds: where each begins and the last ends, ascending, shape (messages + 1,).

        Returns:
            Tags, uint8, shape (messages, 16).
        """
        starts, lengths = bounds[:-1], np.diff(bounds)
        out = np.empty((len(starts), BLOCK_BYTES), np.uint8)
        if len(lengths) and lengths.min() == lengths.max():
            return self._same_length(_rows(data, starts, int(lengths[0])))
        for length in np.unique(lengths).tolist():
            chosen = np.flatnonzero(lengths == length)
            out[chosen] = self._same_length(_rows(data, starts[chosen], length))
        return out

    def one_way(self, blocks: Bytes) -> Bytes:
        """Each block enciphered and added to itself, shape (blocks, 16).

        The compression function of Matyas, Meyer and Oseas: even with the key it can only be
        undone by trial. Distinct blocks give distinct results up to the birthday bound.
        """
        plain = np.ascontiguousarray(blocks)
        mixed = self._enciphered(plain).view(np.uint64) ^ plain.view(np.uint64)
        return mixed.view(np.uint8)

    def _same_length(self, messages: Bytes) -> Bytes:
        """SP 800-38B, 6.2: the last block gets a subkey, and padding unless it is whole."""
        count, length = messages.shape
        blocks = max(1, -(-length // BLOCK_BYTES))
        text = np.zeros((count, blocks * BLOCK_BYTES), np.uint8)
        text[:, :length] = messages
        is_whole = length == blocks * BLOCK_BYTES
        if not is_whole:
            text[:, length] = 0x80
        words = text.view(np.uint64)  # two to a block; whole columns are quicker than short rows
        first, second = self._whole if is_whole else self._padded
        words[:, -2] ^= first
        words[:, -1] ^= second
        state = self._enciphered(text[:, :BLOCK_BYTES])
        for start in range(BLOCK_BYTES, text.shape[1], BLOCK_BYTES):
            state = self._enciphered(state ^ text[:, start : start + BLOCK_BYTES])
        return state

    def _enciphered(self, blocks: Bytes) -> Bytes:
        sealed = self._cipher.update(np.ascontiguousarray(blocks).data)
        return np.frombuffer(sealed, np.uint8).reshape(-1, BLOCK_BYTES)


def _rows(data: Bytes, starts: Ends, length: int) -> Bytes:
    """The messages of one length as rows; without a copy when they follow each other."""
    first = int(starts[0])
    if int(starts[-1]) - first == (len(starts) - 1) * length:
        return data[first : first + len(starts) * length].reshape(len(starts), length)
    places: Any = starts[:, None] + np.arange(length)
    rows: Bytes = data[places]
    return rows


def _doubled(number: int) -> int:
    """Twice an element of GF(2^128), SP 800-38B, 6.1."""
    return (number << 1 & (1 << 128) - 1) ^ (0x87 if number >> 127 else 0)


def _words(number: int) -> tuple[np.uint64, np.uint64]:
    first, second = np.frombuffer(number.to_bytes(BLOCK_BYTES), np.uint64)
    return first, second
