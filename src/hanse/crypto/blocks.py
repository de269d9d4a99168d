"""Many small numbers, each enciphered by itself so that the blocks may be put in another order.

A block of 16 bytes holds a number of 64 bits and 64 random bits under AES-256. As AES is a
pseudo-random permutation and no two blocks are equal but with a probability of n^2 / 2^65, blocks
tell nothing of their numbers, not even which are equal.
"""

from __future__ import annotations

import secrets

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES = 16
Numbers = npt.NDArray[np.int64]
Blocks = npt.NDArray[np.uint8]


def seal_numbers(key: bytes, numbers: Numbers) -> Blocks:
    """Encipher numbers under a key of 32 bytes; shape (numbers, 16), uint8."""
    plain = np.empty((len(numbers), 2), "<i8")
    plain[:, 0] = numbers
    plain[:, 1] = np.frombuffer(secrets.token_bytes(8 * len(numbers)), "<i8")
    # Every block is random in half its bits: the bare cipher is what is wanted.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return np.frombuffer(cipher.update(plain.tobytes()), np.uint8).reshape(-1, BLOCK_BYTES)


def open_numbers(key: bytes, blocks: Blocks) -> Numbers:
    """The numbers of blocks in whatever order they are."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
    plain = np.frombuffer(cipher.update(blocks.tobytes()), "<i8").reshape(-1, 2)
    return plain[:, 0].astype(np.int64)
