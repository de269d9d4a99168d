"""From master key to wrapping key, and the check that the master key is this vault's."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from hanse.core import canonical
from hanse.core.canonical import tagged
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import Suite
from hanse.data import locks
from hanse.data.encrypted_file import storage_errors
from hanse.data.errors import WrongVaultKey
from hanse.data.records import sync_folder

_CHECK = b"hanse vault"


class VaultHeader(msgspec.Struct, frozen=True):
    """The vault's public header: suite, salt (32 bytes, hex) and a sealed check (hex)."""

    v: int
    suite: str
    salt: str
    check: str


def open_wrapping_key(path: Path, suite: Suite, master_key: bytes) -> bytes:
    """Derive the wrapping key; the first call makes the header.

    Args:
        path: the header's file.
        suite: the network's suite.
        master_key: at least 16 secret bytes.

    Raises:
        WrongVaultKey: when the header was made with another key or suite, or is damaged.
    """
    if len(master_key) < 16:
        raise WrongVaultKey("a master key has at least 16 bytes")
    with locks.sweeping(path.parent):
        if not path.exists():
            _create(path, suite, master_key)
    try:
        header = canonical.decode(path.read_bytes(), VaultHeader)
        salt, check = bytes.fromhex(header.salt), bytes.fromhex(header.check)
    except (canonical.NotCanonical, ValueError) as error:
        raise WrongVaultKey("the vault's header is damaged") from error
    if header.suite != suite.name:
        raise WrongVaultKey(f"the vault was made with suite {header.suite!r}")
    key = _derive(suite, master_key, salt)
    try:
        suite.open(key, check, tagged("hanse/vault-check/1", salt))
    except CannotOpen as error:
        raise WrongVaultKey("the master key is not this vault's") from error
    return key


def _create(path: Path, suite: Suite, master_key: bytes) -> None:
    salt = secrets.token_bytes(32)
    key = _derive(suite, master_key, salt)
    check = suite.seal(key, _CHECK, tagged("hanse/vault-check/1", salt))
    data = canonical.encode(VaultHeader(1, suite.name, salt.hex(), check.hex()))
    temporary = path.with_suffix(".part")
    with storage_errors():
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_folder(path.parent)


def _derive(suite: Suite, master_key: bytes, salt: bytes) -> bytes:
    info = tagged("hanse/vault-wrapping-key/1", suite.name.encode())
    return suite.hkdf(master_key, salt=salt, info=info, length=suite.key_bytes)
