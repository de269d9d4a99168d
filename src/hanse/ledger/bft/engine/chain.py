"""The engine's own genesis file, made from the ledger's: every node renders the same bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hanse.ledger.bft.engine.errors import BadEngineSettings
from hanse.ledger.bft.engine.keys import address, typed_public
from hanse.ledger.genesis import Genesis, Parameters, genesis_hash

# Room in a block besides ledger transactions: certificate, the engine's header, last commit and
# evidence, and up to 5 bytes of framing for each transaction.
BLOCK_ROOM_BYTES = 512 * 1024
EVIDENCE_BYTES = 64 * 1024
ENGINE_BLOCK_BYTES = 100 * 1024 * 1024  # the engine's own upper limit
_EVIDENCE_BLOCKS = 100_000
_EVIDENCE_NANOSECONDS = 48 * 3_600 * 10**9
CHAIN_PREFIX = "hanse-"
CHAIN_DIGITS = 40  # the engine allows 50 characters


@dataclass(frozen=True)
class Chain:
    """What the engines of a network must agree on from the start.

    Attributes:
        chain_id: at most 50 characters.
        created_ms: UTC ms.
        parameters: limits of the ledger.
        validators: (32-byte public key, power); empty when the application names them in its
            answer to InitChain.
    """

    chain_id: str
    created_ms: int
    parameters: Parameters
    validators: tuple[tuple[bytes, int], ...] = ()

    @property
    def block_bytes(self) -> int:
        """Largest block of the engine."""
        return self.parameters.max_block_bytes + BLOCK_ROOM_BYTES

    def __post_init__(self) -> None:
        if self.block_bytes > ENGINE_BLOCK_BYTES:
            raise BadEngineSettings("max_block_bytes is more than the engine can agree on")


def chain_of(genesis: Genesis, validators: tuple[tuple[bytes, int], ...] = ()) -> Chain:
    """The engine's chain of a network."""
    chain_id = CHAIN_PREFIX + genesis_hash(genesis)[:CHAIN_DIGITS]
    return Chain(chain_id, genesis.created_ms, genesis.parameters, validators)


def genesis_file(chain: Chain) -> bytes:
    """``genesis.json``; the engine refuses to start when it ever changes."""
    content: dict[str, Any] = {
        "genesis_time": _rfc3339(chain.created_ms),
        "chain_id": chain.chain_id,
        "initial_height": "1",
        "consensus_params": _consensus_params(chain),
        "validators": [
            {
                "address": address(public).hex().upper(),
                "pub_key": typed_public(public),
                "power": str(power),
                "name": "",
            }
            for public, power in chain.validators
        ],
        "app_hash": "",
    }
    return json.dumps(content, indent=2).encode() + b"\n"


def _consensus_params(chain: Chain) -> dict[str, Any]:
    return {
        "block": {"max_bytes": str(chain.block_bytes), "max_gas": "-1"},
        "evidence": {
            "max_age_num_blocks": str(_EVIDENCE_BLOCKS),
            "max_age_duration": str(_EVIDENCE_NANOSECONDS),
            "max_bytes": str(EVIDENCE_BYTES),
        },
        "validator": {"pub_key_types": ["ed25519"]},
        "version": {"app": "0"},
        # Votes carry certificate signatures from the first block on.
        "abci": {"vote_extensions_enable_height": "1"},
    }


def _rfc3339(time_ms: int) -> str:
    """With milliseconds, ending in Z."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"
