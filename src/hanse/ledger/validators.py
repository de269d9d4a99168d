"""Who votes on blocks, as far as the ledger needs to know it.

A network of the embedded engine has no validators; its `Registry` has no directory or the
directory's answer is empty. Under a Byzantine-fault-tolerant engine the set changes by
transactions: what block ``H`` decides votes from block ``H + 2`` on, because the set of
``H + 1`` is part of the header that was agreed on before ``H`` was executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import msgspec

from hanse.core import canonical
from hanse.crypto.suite import Suite
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import BadGenesis
from hanse.ledger.genesis import Genesis

CONTRACT = "validators"
"""Name of the contract that keeps the sets."""
ACTIVATION_DELAY = 2
"""Blocks from the one that decides a change to the first one that the changed set votes on."""
MAX_TOTAL_POWER = 2**53 - 1
"""Exact in canonical JSON, and below the engine's own limit (2^63 - 1) // 8."""
HASH_DOMAIN = "hanse/validators/1"
ADDRESS_BYTES = 20


class Validator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vote among the validators.

    Attributes:
        did: the organisation that answers for it.
        engine_public: Ed25519 key that signs the engine's votes, 32 bytes, hex.
        certificate_public: key of the network's suite that signs commit certificates, hex.
        power: weight of its vote, 1 to `MAX_TOTAL_POWER`.
    """

    did: str
    engine_public: str
    certificate_public: str
    power: int


class ValidatorDirectory(Protocol):
    """Which validators vote on a block; the validators contract's records answer."""

    def validators(self, state: StateReader, height: int) -> tuple[Validator, ...]:
        """The set that votes on block ``height``, sorted by DID; empty when there is none.

        Final in the state after block ``height - 2`` and in every later state. Read from an
        earlier state, it is what would vote if nothing changed before then.
        """
        ...

    def changes(self, state: StateReader, height: int) -> tuple[int, ...]:
        """Heights up to ``height`` from which a newly decided set votes, ascending.

        The first set, that of the genesis, is no change.
        """
        ...


class _Preset(msgspec.Struct, frozen=True):
    """What the ledger reads of a validator in the genesis; the contract reads more."""

    did: str
    engine_public: str
    certificate_public: str
    power: int


class _Presets(msgspec.Struct, frozen=True):
    validators: list[_Preset] = []


def preset_validators(genesis: Genesis) -> tuple[Validator, ...]:
    """The validators a genesis names, sorted by DID: they vote from the first block on.

    Read from the genesis message of the contract ``validators`` without executing it, so that
    a verifier needs nothing but the file. Empty when it names none.

    Raises:
        BadGenesis: when they cannot be read or are no set.
    """
    message = genesis.initial.get(CONTRACT, {})
    try:
        presets = msgspec.convert(message, _Presets).validators
    except msgspec.ValidationError as error:
        raise BadGenesis(f"genesis of {CONTRACT}: {error}") from error
    found = sorted((Validator(*msgspec.structs.astuple(p)) for p in presets), key=lambda v: v.did)
    if found and not is_set(found):
        raise BadGenesis("a validator of the genesis stands twice or has no power")
    return tuple(found)


def is_set(validators: Sequence[Validator]) -> bool:
    """Whether a list is a set in its one order: some, by ascending DID, each with power."""
    names = [validator.did for validator in validators]
    powers = [validator.power for validator in validators]
    return (
        bool(names)
        and names == sorted(set(names))
        and min(powers) > 0
        and sum(powers) <= MAX_TOTAL_POWER
    )


def validators_hash(suite: Suite, validators: Sequence[Validator]) -> str:
    """What headers and certificates name a set by: hex of the suite's hash.

    The hash covers the canonical JSON of the list, sorted by DID whatever order is given,
    tagged ``hanse/validators/1``.
    """
    ordered = sorted(validators, key=lambda validator: validator.did)
    return suite.hash(canonical.tagged(HASH_DOMAIN, canonical.encode(ordered))).hex()


def total_power(validators: Sequence[Validator]) -> int:
    """All votes together."""
    return sum(validator.power for validator in validators)


def is_quorum(power: int, total: int) -> bool:
    """Whether ``power`` is more than two thirds of ``total``, in whole numbers."""
    return 3 * power > 2 * total


def engine_address(engine_public: bytes) -> bytes:
    """How the engine names a validator: the first 20 bytes of SHA-256 of its raw key."""
    return hashlib.sha256(engine_public).digest()[:ADDRESS_BYTES]
