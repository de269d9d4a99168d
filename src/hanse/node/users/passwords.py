"""Passwords: rules, and argon2id hashes (RFC 9106, second recommended option)."""

from __future__ import annotations

import secrets
import string
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from hanse.node.errors import WeakPassword

MAXIMUM_LENGTH = 256
_COMMON = frozenset(
    """
    password123 passw0rd123 password1234 1234567890 12345678910 0000000000 1111111111
    qwertyuiop qwerty12345 1q2w3e4r5t abcdefghij aaaaaaaaaa administrator adminadmin
    letmein1234 iloveyou123 changeme123 welcome1234 woaini1314520 5201314520
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
_ALPHABET = string.ascii_letters + string.digits


class Passwords:
    """Hashing with a bound on parallel work: each hash takes 64 MiB for some 50 ms."""

    def __init__(self, minimum_length: int = 10, hasher: PasswordHasher | None = None) -> None:
        self._minimum = minimum_length
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._slots = threading.BoundedSemaphore(2)
        self._decoy = self.hash(secrets.token_urlsafe(24))

    def check_rules(self, password: str, user: str) -> None:
        """Raise WeakPassword unless the password may be used."""
        if not self._minimum <= len(password) <= MAXIMUM_LENGTH:
            raise WeakPassword(f"a password has {self._minimum} to {MAXIMUM_LENGTH} characters")
        lowered = password.lower()
        if lowered in _COMMON or len(set(lowered)) < 4:
            raise WeakPassword("the password is among the first anybody tries")
        if user in lowered:
            raise WeakPassword("the password contains the user name")

    def hash(self, password: str) -> str:
        """Salted argon2id hash in PHC string format."""
        with self._slots:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; without a stored hash the same time is spent."""
        with self._slots:
            try:
                self._hasher.verify(stored or self._decoy, password)
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters."""
        return self._hasher.check_needs_rehash(stored)


def generate_password() -> str:
    """20 random letters and digits (119 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))
