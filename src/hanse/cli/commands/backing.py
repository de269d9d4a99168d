"""Who stands behind a verified block, in words."""

from __future__ import annotations

from typing import Any

from hanse.core.errors import HanseError
from hanse.ledger.genesis import Genesis
from hanse.ledger.light.backing import Backing

SIGNATURES = {"sm": "SM2", "intl": "Ed25519"}


def backing_fields(genesis: Genesis, backing: Backing) -> dict[str, Any]:
    """The fields of `VerifiedView` that say who signed."""
    names = _names(genesis)
    signed = backing.signed
    return {
        "signed_by": _sentence(genesis, backing, names),
        "signed_power": signed.power,
        "total_power": signed.total,
        "changes_followed": backing.changes,
        "followed_from": backing.since,
        "engine_power": None if backing.voted is None else backing.voted.power,
        "signers": [
            {"did": did, "name": names.get(did, ""), "power": power}
            for did, power in signed.powers.items()
        ],
    }


def _sentence(genesis: Genesis, backing: Backing, names: dict[str, str]) -> str:
    algorithm = SIGNATURES[genesis.suite]
    signed = backing.signed
    people = ", ".join(names.get(did) or did for did in signed.powers)
    if backing.kind == "orderer":
        return f"{algorithm} signature of the network's only orderer, {people}"
    start = f"block {backing.since}" if backing.since else "the genesis"
    followed = f"{backing.changes} changes of validators followed from {start}"
    if backing.changes == 1:
        followed = followed.replace("changes", "change", 1)
    elif not backing.changes:
        followed = f"the validators of {start}"
    power = f"{signed.power} of {signed.total} votes"
    voted = ""
    if backing.voted is not None:
        count = f"{backing.voted.power} of {backing.voted.total} votes"
        voted = f"; the engine's Ed25519 commit holds too: {count}"
    return f"{algorithm} certificate of {people}: {power}; {followed}{voted}"


def _names(genesis: Genesis) -> dict[str, str]:
    """What the genesis calls its members and validators."""
    import msgspec

    from hanse.contracts.identity.types import IdentityGenesis
    from hanse.contracts.validators.types import ValidatorsGenesis

    initial = genesis.initial
    found: dict[str, str] = {}
    try:
        if "validators" in initial:
            presets = msgspec.convert(initial["validators"], ValidatorsGenesis).validators
            found |= {preset.did: preset.name for preset in presets}
        if "identity" in initial:
            members = msgspec.convert(initial["identity"], IdentityGenesis).members
            found |= {member.document.id: member.name for member in members}
    except (msgspec.ValidationError, HanseError):
        return {}  # a genesis for other contracts: people see DIDs
    return found
