"""The checks of sets and nodes notice the damage they are there for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contract_network import Network
from msgspec.structs import replace
from validator_network import registration, replacement, validator_network

from hanse.contracts.validators import invariants, sets
from hanse.contracts.validators.types import KEYS, NEWEST, NODES, SETS, NewestSet, SetRecord
from hanse.core.errors import InternalError


def stored(net: Network) -> SetRecord:
    record = sets.newest(net.state)
    assert record is not None
    return record


def put(net: Network, **changes: object) -> None:
    record = replace(stored(net), **changes)
    SETS.put(net.state, record, stored(net).from_height)


def put_first(net: Network, **changes: object) -> None:
    """The same with the first validator of the newest set."""
    validators = stored(net).validators
    put(net, validators=[replace(validators[0], **changes), *validators[1:]])


SET_DAMAGE: list[Callable[[Network], None]] = [
    lambda net: put(net, validators=[]),
    lambda net: put(net, validators=stored(net).validators[::-1]),
    lambda net: put(net, validators=[stored(net).validators[0]] * 2),
    lambda net: put(net, previous=2),
    lambda net: put(net, previous=4),
    lambda net: put_first(net, power=0),
    lambda net: put_first(net, power=2**53 - 1),
    lambda net: put_first(net, engine_public="ab" * 32),
    lambda net: put_first(net, certificate_public=stored(net).validators[1].certificate_public),
    lambda net: KEYS.delete(net.state, stored(net).validators[0].engine_public),
]


@pytest.mark.parametrize("damage", SET_DAMAGE)
def test_check_of_sets_notices(damage: Callable[[Network], None]) -> None:
    net = validator_network()
    net.send("bank", replacement(net, "bank", engine=1))
    net.send("bank", replacement(net, "bank", engine=2))
    invariants.check_sets(net.state, net.height)
    damage(net)
    with pytest.raises(invariants.ValidatorsBroken):
        invariants.check_sets(net.state, net.height)


def test_check_of_sets_notices_one_that_acts_too_late_or_is_missing() -> None:
    net = validator_network()
    net.send("bank", replacement(net, "bank", engine=1))
    with pytest.raises(invariants.ValidatorsBroken):
        invariants.check_sets(net.state, net.height - 1)
    NEWEST.put(net.state, NewestSet(from_height=2))
    with pytest.raises(InternalError):
        invariants.check_sets(net.state, net.height)


NODE_DAMAGE: list[Callable[[Network, str], None]] = [
    lambda net, did: NODES.put(net.state, replace(NODES.get(net.state, did), did="x"), did),
    lambda net, did: NODES.delete(net.state, did),
    lambda net, did: KEYS.delete(net.state, NODES.get(net.state, did).certificate_public),
    lambda net, did: KEYS.put(
        net.state,
        replace(KEYS.get(net.state, NODES.get(net.state, did).engine_public), use="certificate"),
        NODES.get(net.state, did).engine_public,
    ),
]


@pytest.mark.parametrize("damage", NODE_DAMAGE)
def test_check_of_nodes_notices(damage: Callable[[Network, str], None]) -> None:
    net = validator_network()
    net.send("compute_1", registration(net, "compute_1"))
    dids = [net.did(name) for name in net.names]
    invariants.check_nodes(net.state, dids)
    damage(net, net.did("bank"))
    with pytest.raises(invariants.ValidatorsBroken):
        invariants.check_nodes(net.state, dids)
