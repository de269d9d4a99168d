"""The keystore: named secrets in one file, encrypted under a passphrase.

``key = Argon2id(passphrase, salt)`` (RFC 9106), then one seal of the suite over all entries
with the file's header as associated data, so that neither entries nor cost parameters can be
exchanged. The file is written beside and renamed, mode 0600.

Against: a thief of the file (must guess the passphrase at Argon2id's price) and an editor of
it (detected). Not against: somebody who reads the memory of the running process, or who puts
back an older copy of the whole file.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from pathlib import Path

import msgspec
from argon2.low_level import Type, hash_secret_raw

from hanse.core import canonical
from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError
from hanse.crypto.errors import (
    CannotOpen,
    KeystoreDamaged,
    KeystoreExists,
    KeystoreMissing,
    NoSuchKey,
    WeakPassphrase,
    WrongPassphrase,
)
from hanse.crypto.private_files import create_private, replace_private
from hanse.crypto.suite import Suite, get_suite

SALT_BYTES = 16
MIN_PASSPHRASE_CHARACTERS = 8
MAX_FILE_BYTES = 16 * 2**20


class KdfCost(msgspec.Struct, frozen=True):
    """Cost of Argon2id; the default is RFC 9106's second recommendation (section 4).

    Attributes:
        memory_kib: 8 to 1,048,576 KiB.
        passes: 1 to 16.
        lanes: 1 to 16.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


class _Header(msgspec.Struct, frozen=True):
    v: int
    suite: str
    cost: KdfCost
    salt: str


class _File(msgspec.Struct, frozen=True):
    header: _Header
    sealed: str


class Keystore:
    """Named byte strings, encrypted at rest. Thread-safe; one process owns a file.

    Attributes:
        path: the file.
        suite: the suite that seals it.
    """

    def __init__(self, path: Path, header: _Header, key: bytes, entries: dict[str, str]) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.suite = get_suite(header.suite)
        self._header = header
        self._key = key
        self._entries = entries
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Keystore({self.path.name}, {len(self._entries)} entries)"

    @classmethod
    def create(
        cls, path: Path, passphrase: str, suite: Suite, *, cost: KdfCost | None = None
    ) -> Keystore:
        """Make an empty keystore.

        Raises:
            KeystoreExists: something stands at ``path``.
            WeakPassphrase: fewer than 8 characters.
        """
        header = _new_header(suite, cost or KdfCost())
        key = _derive(header, _checked(passphrase))
        try:
            create_private(path, _seal(suite, header, key, {}))
        except FileExistsError as error:
            raise KeystoreExists() from error
        return cls(path, header, key, {})

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Keystore:
        """Open a keystore; takes about 0.2 s because the derivation is meant to be slow.

        Raises:
            KeystoreMissing: no file.
            KeystoreDamaged: the file is none of ours.
            WrongPassphrase: wrong passphrase, or altered content.
        """
        file = _read(path)
        key = _derive(file.header, passphrase)
        return cls(path, file.header, key, _unseal(file, key))

    def get(self, name: str) -> bytes:
        """The bytes under a name; raises `NoSuchKey`."""
        with self._lock:
            value = self._entries.get(name)
        if value is None:
            raise NoSuchKey(f"the keystore holds no {name[:60]!r}")
        return bytes.fromhex(value)

    def put(self, name: str, value: bytes) -> None:
        """Write one entry; on disk when the call returns."""
        with self._lock:
            self._write({**self._entries, name: value.hex()})

    def delete(self, name: str) -> None:
        """Remove one entry; raises `NoSuchKey`."""
        with self._lock:
            if name not in self._entries:
                raise NoSuchKey(f"the keystore holds no {name[:60]!r}")
            self._write({k: v for k, v in self._entries.items() if k != name})

    def names(self) -> list[str]:
        """Names of the entries, sorted."""
        with self._lock:
            return sorted(self._entries)

    def change_passphrase(self, old: str, new: str) -> None:
        """Encrypt everything under another passphrase, with a fresh salt.

        Raises:
            WrongPassphrase: ``old`` is not the present one.
            WeakPassphrase: ``new`` has fewer than 8 characters.
        """
        with self._lock:
            if not secrets.compare_digest(_derive(self._header, old), self._key):
                raise WrongPassphrase()
            header = _new_header(self.suite, self._header.cost)
            key = _derive(header, _checked(new))
            replace_private(self.path, _seal(self.suite, header, key, self._entries))
            self._header, self._key = header, key

    def _write(self, entries: dict[str, str]) -> None:
        replace_private(self.path, _seal(self.suite, self._header, self._key, entries))
        self._entries = entries


def _new_header(suite: Suite, cost: KdfCost) -> _Header:
    return _Header(1, suite.name, cost, secrets.token_hex(SALT_BYTES))


def _checked(passphrase: str) -> str:
    if len(passphrase) < MIN_PASSPHRASE_CHARACTERS:
        raise WeakPassphrase()
    return passphrase


def _derive(header: _Header, passphrase: str) -> bytes:
    # NFKC: the same characters typed on another keyboard or system give the same key.
    secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8")
    return hash_secret_raw(
        secret,
        bytes.fromhex(header.salt),
        time_cost=header.cost.passes,
        memory_cost=header.cost.memory_kib,
        parallelism=header.cost.lanes,
        hash_len=get_suite(header.suite).key_bytes,
        type=Type.ID,
    )


def _seal(suite: Suite, header: _Header, key: bytes, entries: dict[str, str]) -> bytes:
    plaintext = msgspec.json.encode(entries, order="deterministic")
    sealed = suite.seal(key, plaintext, canonical.encode(header))
    return canonical.encode(_File(header, b64url(sealed)))


def _unseal(file: _File, key: bytes) -> dict[str, str]:
    suite = get_suite(file.header.suite)
    try:
        data = suite.open(key, unb64url(file.sealed), canonical.encode(file.header))
    except CannotOpen as error:
        raise WrongPassphrase() from error
    return msgspec.json.decode(data, type=dict[str, str])


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as source:
            data = source.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise KeystoreMissing() from error
    try:
        file = canonical.decode(data, _File)
        _check_header(file.header)
        unb64url(file.sealed)
    except (InputError, ValueError) as error:
        raise KeystoreDamaged() from error
    return file


def _check_header(header: _Header) -> None:
    # Bounds: an altered file must not make us allocate or compute without end.
    cost = header.cost
    if header.v != 1:
        raise ValueError("unknown version")
    get_suite(header.suite)
    if len(bytes.fromhex(header.salt)) != SALT_BYTES:
        raise ValueError("salt length")
    in_range = (
        1 <= cost.passes <= 16
        and 1 <= cost.lanes <= 16
        and 8 * cost.lanes <= cost.memory_kib <= 2**20
    )
    if not in_range:
        raise ValueError("cost out of range")
