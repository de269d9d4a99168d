"""A long public byte string out of a short seed."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SEED_BYTES = 32


def keystream(seed: bytes, size: int) -> bytes:
    """AES-256 in counter mode from zero, of ``size`` zeros (NIST SP 800-38A).

    Args:
        seed: 32 bytes, used for one string only.
        size: bytes wanted.
    """
    return Cipher(algorithms.AES(seed), modes.CTR(bytes(16))).encryptor().update(bytes(size))
