"""What the ledger reads of validators, from genesis and state, is what the contract wrote."""

from __future__ import annotations

import msgspec
from validator_network import newest, preset, registration, validator_network, vote

from hanse.contracts.validators.queries import ContractValidators
from hanse.contracts.validators.types import ValidatorsGenesis
from hanse.ledger.genesis import Genesis, Orderer
from hanse.ledger.validators import preset_validators

POWERS = {"operator": 3, "bank": 4, "merchant": 3, "auditor": 1}
DIRECTORY = ContractValidators()


def test_ledger_reads_the_genesis_as_the_contract_does() -> None:
    net = validator_network(POWERS)
    message = ValidatorsGenesis([preset(name, power) for name, power in POWERS.items()])
    genesis = Genesis(
        name="test",
        suite="intl",
        created_ms=0,
        engine="cometbft",
        orderer=Orderer("did:hanse:o", "00"),
        contracts={},
        initial={"validators": msgspec.to_builtins(message)},
    )
    assert preset_validators(genesis) == newest(net)
    assert len(newest(net)) == len(POWERS)


def test_changes_are_the_heights_from_which_another_set_was_decided() -> None:
    net = validator_network(POWERS)
    assert DIRECTORY.changes(net.state, 100) == ()
    net.send("compute_1", registration(net, "compute_1"))
    for subject, power in (("compute_1", 2), ("auditor", 0), ("bank", 3)):
        vote(net, subject, power, "bank", "merchant", "operator")
    top = net.height + 5
    found = DIRECTORY.changes(net.state, top)
    sets = [DIRECTORY.validators(net.state, height) for height in range(top + 1)]
    assert list(found) == [h for h in range(1, top + 1) if sets[h] != sets[h - 1]]
    assert len(found) == 3
    for height in range(top + 1):
        assert DIRECTORY.changes(net.state, height) == tuple(h for h in found if h <= height)
