"""Unlocking: the passphrase opens the keystore, the keystore holds every other secret.

The passphrase comes from ``HANSE_PASSPHRASE`` or from ``secrets/passphrase`` in the home
(mode 0600). The file is made by ``hanse node init`` for trials: whoever reads the home then
has the keys. In production set the variable from your secret store and delete the file.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from hanse.crypto.keystore import Keystore
from hanse.crypto.suite import Suite
from hanse.identity.holder import NEXT_ENTRY, Identity
from hanse.node.errors import NoPassphrase, UnsafeFileMode
from hanse.node.home import NodeHome

PASSPHRASE_VARIABLE = "HANSE_PASSPHRASE"  # noqa: S105 - a name, not a secret
VAULT_ENTRY = "vault"
WALLET_ENTRY = "wallet"
JOURNAL_ENTRY = "journal"
ORDERER_ENTRY = "orderer"
MASTER_KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class Secrets:
    """What the running node holds in memory.

    Attributes:
        keystore: open; closing is forgetting it.
        identity: DID and private keys.
        vault_key: master key of the vault.
        wallet_key: key that seals credentials and openings in the database.
        journal_key: key that seals secrets in the collaboration engine's journal.
    """

    keystore: Keystore
    identity: Identity
    vault_key: bytes
    wallet_key: bytes
    journal_key: bytes


def create_secrets(home: NodeHome, suite: Suite, passphrase: str | None) -> Identity:
    """Make keystore, identity and master keys.

    Args:
        home: with its directories made.
        suite: suite of the keys.
        passphrase: chosen by the caller; None makes a random one and keeps it in the home.
    """
    if passphrase is None:
        passphrase = secrets.token_urlsafe(32)
        _write_private(home, passphrase)
    keystore = Keystore.create(home.keystore_file, passphrase, suite)
    identity = Identity.create(suite)
    identity.save(keystore)
    for entry in (VAULT_ENTRY, WALLET_ENTRY, JOURNAL_ENTRY):
        keystore.put(entry, secrets.token_bytes(MASTER_KEY_BYTES))
    return identity


def unlock(home: NodeHome, environment: Mapping[str, str] | None = None) -> Secrets:
    """Open the keystore.

    Raises:
        NoPassphrase, UnsafeFileMode: the passphrase cannot be had.
        WrongPassphrase: it does not open the keystore.
    """
    keystore = Keystore.open(home.keystore_file, find_passphrase(home, environment))
    identity = Identity.load(keystore)
    if NEXT_ENTRY in keystore.names():
        identity.successor = Identity.load(keystore, NEXT_ENTRY)
    return Secrets(
        keystore=keystore,
        identity=identity,
        vault_key=keystore.get(VAULT_ENTRY),
        wallet_key=keystore.get(WALLET_ENTRY)[: keystore.suite.key_bytes],
        journal_key=keystore.get(JOURNAL_ENTRY)[: keystore.suite.key_bytes],
    )


def create_orderer_key(secrets_: Secrets) -> bytes:
    """Make the key that signs blocks; returns its public half.

    It is apart from the identity's keys, which may be rotated while the genesis stays.
    """
    suite = secrets_.identity.suite
    private = suite.generate_signing_key()
    secrets_.keystore.put(ORDERER_ENTRY, private)
    return suite.signing_public(private)


def orderer_key(secrets_: Secrets) -> bytes:
    """The private key that signs blocks; raises NoSuchKey at nodes that do not order."""
    return secrets_.keystore.get(ORDERER_ENTRY)


def find_passphrase(home: NodeHome, environment: Mapping[str, str] | None = None) -> str:
    """From the environment, else from the file.

    Raises:
        NoPassphrase: neither is there.
        UnsafeFileMode: others may read the file.
    """
    found = (os.environ if environment is None else environment).get(PASSPHRASE_VARIABLE)
    if found:
        return found
    path = home.passphrase_file
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise NoPassphrase() from error
    if stat.S_IMODE(mode) & 0o077:
        raise UnsafeFileMode(f"others may read {path}")
    return text


def _write_private(home: NodeHome, passphrase: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(home.passphrase_file, flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(passphrase + "\n")
