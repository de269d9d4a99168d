"""What always holds of nodes and sets; tests check it after every step."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.contracts.plain import duplicates
from hanse.contracts.validators import sets
from hanse.contracts.validators.queries import get_parameters
from hanse.contracts.validators.types import KEYS, MAX_VALIDATORS, NODES, SETS, KeyOwner, SetRecord
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader
from hanse.ledger.validators import ACTIVATION_DELAY, MAX_TOTAL_POWER, total_power


class ValidatorsBroken(InternalError):
    """An invariant of the validators does not hold."""

    code = "validators.invariant"


def check_sets(state: StateReader, height: int) -> None:
    """Every set is sound, none acts later than two blocks after the last block.

    Args:
        height: of the last block executed.
    """
    record = sets.newest(state)
    if record is None:
        return
    if record.from_height > height + ACTIVATION_DELAY:
        raise ValidatorsBroken("a set acts two blocks after its decision")
    _check_set(state, record)
    while record.previous is not None:
        before = SETS.get(state, record.previous)
        if before is None or before.from_height != record.previous:
            raise ValidatorsBroken("every set names the one before it")
        if before.from_height >= record.from_height:
            raise ValidatorsBroken("sets follow each other by height")
        record = before
        _check_set(state, record)


def check_nodes(state: StateReader, dids: Iterable[str]) -> None:
    """Every node's keys are owned by its member, and every validator has a node."""
    for did in dids:
        node = NODES.get(state, did)
        if node is None:
            continue
        if node.did != did:
            raise ValidatorsBroken("a node stands under its own member")
        _check_owner(state, node.engine_public, KeyOwner(did=did, use="engine"))
        _check_owner(state, node.certificate_public, KeyOwner(did=did, use="certificate"))
    newest = sets.newest(state)
    for validator in newest.validators if newest is not None else []:
        if not NODES.has(state, validator.did):
            raise ValidatorsBroken("every validator has a registered node")


def _check_set(state: StateReader, record: SetRecord) -> None:
    validators = record.validators
    dids = [v.did for v in validators]
    if not get_parameters(state).min_validators <= len(validators) <= MAX_VALIDATORS:
        raise ValidatorsBroken("the size of the set keeps to its limits")
    if dids != sorted(dids) or duplicates(dids):
        raise ValidatorsBroken("validators are sorted by DID, each once")
    if any(v.power < 1 for v in validators) or total_power(validators) > MAX_TOTAL_POWER:
        raise ValidatorsBroken("powers are positive and bounded in sum")
    for v in validators:
        _check_owner(state, v.engine_public, KeyOwner(did=v.did, use="engine"))
        _check_owner(state, v.certificate_public, KeyOwner(did=v.did, use="certificate"))
    keys = [k for v in validators for k in (v.engine_public, v.certificate_public)]
    if duplicates(keys):
        raise ValidatorsBroken("no key votes twice")


def _check_owner(state: StateReader, public: str, owner: KeyOwner) -> None:
    if KEYS.get(state, public) != owner:
        raise ValidatorsBroken("a key is owned by the member that uses it, for that use")
