"""The genesis file: everything a network starts from. Its hash is the chain id."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite, get_suite
from hanse.ledger.errors import BadGenesis

EngineName = Literal["embedded", "cometbft"]


class Orderer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who made the network, and signs its blocks when they are ordered by the embedded engine:
    DID and public signing key, hex."""

    did: str
    public: str


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of the network; all in bytes, milliseconds or counts."""

    max_transaction_bytes: int = 256 * 1024
    max_block_bytes: int = 4 * 1024 * 1024
    max_block_transactions: int = 2_000
    max_ttl_ms: int = 24 * 3_600_000
    max_skew_ms: int = 10_000

    def check(self) -> None:
        """Raises BadGenesis when a limit makes no sense."""
        if min(msgspec.structs.astuple(self)) <= 0:
            raise BadGenesis("every parameter is a positive integer")
        if self.max_transaction_bytes > self.max_block_bytes:
            raise BadGenesis("a transaction of the largest size must fit a block")


class Genesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The start of a network.

    Attributes:
        v: version of this structure, 1.
        name: for people.
        suite: ``sm`` or ``intl``.
        created_ms: UTC ms; time of block 0.
        engine: what orders transactions: ``embedded``, one node, or ``cometbft``, validators
            of which up to a third may fail or lie.
        orderer: who made the network; under the embedded engine the signer of blocks.
        contracts: contract name → version active from height 0.
        parameters: limits.
        initial: contract name → genesis message of that contract.
    """

    v: int = 1
    name: str
    suite: str
    created_ms: int
    engine: EngineName = "embedded"
    orderer: Orderer
    contracts: dict[str, int]
    parameters: Parameters = Parameters()
    initial: dict[str, Any] = {}


def genesis_hash(genesis: Genesis) -> str:
    """Chain id: hash of the canonical genesis with its own suite, hex."""
    suite = suite_of(genesis)
    return suite.hash(canonical.tagged("hanse/genesis/1", encode_genesis(genesis))).hex()


def suite_of(genesis: Genesis) -> Suite:
    """The suite the network chose."""
    return get_suite(genesis.suite)


def encode_genesis(genesis: Genesis) -> bytes:
    """Canonical bytes, as kept in the genesis file.

    Raises:
        NotCanonical: when a genesis message holds floats or wide integers.
    """
    canonical.check_plain(genesis.initial)
    return canonical.encode(genesis)


def decode_genesis(data: bytes) -> Genesis:
    """Read a genesis file (white space around it is ignored).

    Raises:
        BadGenesis: when it is not one.
    """
    try:
        genesis = canonical.decode(data.strip(), Genesis)
        suite_of(genesis)
    except HanseError as error:
        raise BadGenesis(f"not a genesis file: {error.message}") from error
    if genesis.v != 1:
        raise BadGenesis(f"genesis version {genesis.v} is not known")
    genesis.parameters.check()
    return genesis
