"""A contract network with validators whose keys are real, for tests of the validators contract."""

from __future__ import annotations

import hashlib
from typing import Any

from contract_network import Network, Outcome, identity_of

from hanse.contracts.validators.messages import (
    RegisterNode,
    ReplaceKeys,
    ReportFault,
    VoteValidator,
)
from hanse.contracts.validators.proofs import (
    CERTIFICATE_DOMAIN,
    ENGINE_DOMAIN,
    key_statement,
)
from hanse.contracts.validators.queries import get_newest_set, get_set
from hanse.contracts.validators.types import GenesisValidator, ValidatorParameters
from hanse.crypto.suite import get_suite
from hanse.ledger.validators import Validator

CHAIN = "00" * 32
VALIDATORS = {"operator": 1, "bank": 1, "merchant": 1, "auditor": 1}
"""Who votes at the start of the usual network, with which power."""


def private_key(name: str, use: str, number: int = 0) -> bytes:
    """A private key that is the same in every run."""
    return hashlib.sha256(f"{name}/{use}/{number}".encode()).digest()


class NodeKeys:
    """Engine and certificate key of somebody's node."""

    def __init__(self, name: str, suite: str = "intl", *, engine: int = 0, own: int = 0) -> None:
        self.suite = get_suite(suite)
        self.engine = private_key(name, "engine", engine)
        self.certificate = private_key(name, "certificate", own)
        self.engine_public = get_suite("intl").signing_public(self.engine).hex()
        self.certificate_public = self.suite.signing_public(self.certificate).hex()

    def proofs(self, did: str, chain: str = CHAIN) -> dict[str, str]:
        """The four fields that a registration or replacement of these keys has."""
        engine = key_statement(chain, did, self.engine_public)
        certificate = key_statement(chain, did, self.certificate_public)
        return {
            "engine_public": self.engine_public,
            "engine_proof": get_suite("intl").sign(self.engine, ENGINE_DOMAIN, engine).hex(),
            "certificate_public": self.certificate_public,
            "certificate_proof": self.suite.sign(
                self.certificate, CERTIFICATE_DOMAIN, certificate
            ).hex(),
        }


def preset(name: str, power: int, suite: str = "intl") -> GenesisValidator:
    """A validator of the genesis."""
    keys = NodeKeys(name, suite)
    return GenesisValidator(
        did=identity_of(name, suite).did,
        name=name,
        engine_public=keys.engine_public,
        certificate_public=keys.certificate_public,
        power=power,
        node_id=node_id(name),
        address=f"{name}.example:26656",
    )


def node_id(name: str) -> str:
    """An engine's name of a node."""
    return hashlib.sha256(name.encode()).hexdigest()[:40]


def validator_network(
    powers: dict[str, int] | None = None, suite: str = "intl", **rules: Any
) -> Network:
    """The usual members; these of them are validators."""
    chosen = VALIDATORS if powers is None else powers
    return Network(
        suite_name=suite,
        validators=tuple(preset(name, power, suite) for name, power in chosen.items()),
        rules=ValidatorParameters(**rules),
    )


def registration(net: Network, name: str, /, **changes: Any) -> RegisterNode:
    """How a member registers its node."""
    fields: dict[str, Any] = {
        **NodeKeys(name, net.suite_name).proofs(net.did(name)),
        "node_id": node_id(name),
        "address": f"{name}.example:26656",
        "name": name,
        **changes,
    }
    return RegisterNode(**fields)


def replacement(net: Network, name: str, **keys: int) -> ReplaceKeys:
    """How a member replaces keys of its node; ``engine`` and ``own`` number the new ones."""
    return ReplaceKeys(**NodeKeys(name, net.suite_name, **keys).proofs(net.did(name)))


def vote(net: Network, subject: str, power: int, *voters: str) -> list[Outcome]:
    """These validators wish that the subject has this power."""
    return [net.send(voter, VoteValidator(net.did(subject), power)) for voter in voters]


def accuse(net: Network, offender: str, reporter: str, height: int = 1, **more: Any) -> Outcome:
    """A validator reports another's fault."""
    kind = more.pop("kind", "bad_extension")
    return net.send(reporter, ReportFault(net.did(offender), height, kind, **more))


def newest(net: Network) -> tuple[Validator, ...]:
    """The set decided last."""
    record = get_newest_set(net.state)
    assert record is not None
    return tuple(record.validators)


def powers(net: Network, height: int | None = None) -> dict[str, int]:
    """Names and powers of the set decided last, or of the one that votes on a block."""
    record = get_newest_set(net.state) if height is None else get_set(net.state, height)
    assert record is not None
    names = {net.did(name): name for name in net.names}
    return {names[v.did]: v.power for v in record.validators}
