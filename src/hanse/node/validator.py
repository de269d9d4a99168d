"""What a node that takes part in ordering tells others about itself."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hanse.contracts.validators.types import GenesisValidator
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.ledger.genesis import Genesis
from hanse.ledger.validators import preset_validators
from hanse.node.errors import BadValidator
from hanse.node.ordering_keys import OrderingKeys


def describe_validator(
    did: str, keys: OrderingKeys, *, name: str, address: str, power: int = 1
) -> GenesisValidator:
    """Public keys and address of this node.

    Args:
        did: of its organisation.
        keys: of its engine.
        name: the organisation's.
        address: ``host:port`` other engines connect to.
        power: weight of its vote.
    """
    return GenesisValidator(
        did=did,
        name=name[:64],
        engine_public=keys.engine_public,
        certificate_public=keys.certificate_public,
        power=power,
        node_id=keys.engine.node_id,
        address=address,
    )


def write_validator(path: Path, validator: GenesisValidator) -> None:
    """Write a description for whoever makes the network."""
    path.write_bytes(canonical.encode(validator) + b"\n")


def read_validator(path: Path) -> GenesisValidator:
    """Read a description.

    Raises:
        BadValidator: when the file is none.
    """
    try:
        data = path.read_bytes().strip()
        return msgspec.convert(msgspec.json.decode(data), GenesisValidator)
    except OSError as error:
        raise BadValidator(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, HanseError) as error:
        raise BadValidator(f"{path.name}: {error}") from error


def is_preset_validator(genesis: Genesis, did: str) -> bool:
    """Whether an organisation's node votes from the first block on."""
    return any(validator.did == did for validator in preset_validators(genesis))
