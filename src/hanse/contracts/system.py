"""The system contracts of a network, wired to each other, and what they start with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from hanse.contracts.algorithms import contract as algorithms
from hanse.contracts.algorithms import needs as algorithms_needs
from hanse.contracts.algorithms.queries import Algorithms
from hanse.contracts.catalogue import contract as catalogue
from hanse.contracts.catalogue import needs as catalogue_needs
from hanse.contracts.catalogue.queries import Datasets
from hanse.contracts.evidence import contract as evidence
from hanse.contracts.evidence import needs as evidence_needs
from hanse.contracts.evidence.recorder import Recorder
from hanse.contracts.flows import contract as flows
from hanse.contracts.flows import needs as flows_needs
from hanse.contracts.flows.queries import Steps
from hanse.contracts.flows.rules import DEFAULT_PARAMETERS
from hanse.contracts.flows.types import FlowParameters
from hanse.contracts.identity import contract as identity
from hanse.contracts.identity.queries import MemberKeys, Members
from hanse.contracts.identity.types import GenesisMember, IdentityGenesis
from hanse.contracts.points import contract as points
from hanse.contracts.points import needs as points_needs
from hanse.contracts.points.escrow import Escrow
from hanse.contracts.points.types import Allocation, PointsGenesis
from hanse.contracts.privacy import contract as privacy
from hanse.contracts.privacy import needs as privacy_needs
from hanse.contracts.privacy.charging import Budgets
from hanse.contracts.rights import contract as rights
from hanse.contracts.rights import needs as rights_needs
from hanse.contracts.rights.grants import Grants
from hanse.contracts.services import contract as services
from hanse.contracts.services import needs as services_needs
from hanse.contracts.services.queries import Retirements
from hanse.contracts.validators import contract as validators_contract
from hanse.contracts.validators import needs as validators_needs
from hanse.contracts.validators.queries import ContractValidators
from hanse.contracts.validators.types import (
    GenesisValidator,
    ValidatorParameters,
    ValidatorsGenesis,
)
from hanse.crypto.suite import Suite
from hanse.ledger.contract.contract import Context, Contract
from hanse.ledger.registry import Registry

CONTRACTS: tuple[Contract, ...] = (
    identity.SPEC,
    points.SPEC,
    catalogue.SPEC,
    rights.SPEC,
    algorithms.SPEC,
    evidence.SPEC,
    privacy.SPEC,
    flows.SPEC,
    validators_contract.SPEC,
    services.SPEC,
)
"""In order of genesis: each needs only those before it to begin."""
DEFAULT_VALIDATOR_PARAMETERS = ValidatorParameters()


def _members(ctx: Context) -> Members:
    return Members(ctx.acting_as("identity"))


def _datasets(ctx: Context) -> Datasets:
    return Datasets(ctx.acting_as("catalogue"))


def _grants(ctx: Context) -> Grants:
    return Grants(ctx.acting_as("rights"))


def _algorithms(ctx: Context) -> Algorithms:
    return Algorithms(ctx.acting_as("algorithms"))


def _escrow(ctx: Context) -> Escrow:
    return Escrow(ctx.acting_as("points"))


def _steps(ctx: Context) -> Steps:
    return Steps(ctx.acting_as("flows"))


def _budgets(ctx: Context) -> Budgets:
    return Budgets(ctx.acting_as("privacy"))


def _retirements(ctx: Context) -> Retirements:
    return Retirements(ctx.acting_as("services"))


def _recorder(ctx: Context) -> Recorder:
    return Recorder(ctx.acting_as("evidence"))


WIRING: Mapping[tuple[str, type], Callable[[Context], object]] = {
    ("points", points_needs.Members): _members,
    ("catalogue", catalogue_needs.Members): _members,
    ("rights", rights_needs.Members): _members,
    ("rights", rights_needs.Datasets): _datasets,
    ("algorithms", algorithms_needs.Members): _members,
    ("evidence", evidence_needs.Members): _members,
    ("privacy", privacy_needs.Members): _members,
    ("privacy", privacy_needs.Datasets): _datasets,
    ("flows", flows_needs.Members): _members,
    ("flows", flows_needs.Datasets): _datasets,
    ("flows", flows_needs.Grants): _grants,
    ("flows", flows_needs.Algorithms): _algorithms,
    ("flows", flows_needs.Escrow): _escrow,
    ("flows", flows_needs.Evidence): _recorder,
    ("flows", flows_needs.Budgets): _budgets,
    ("flows", flows_needs.Retirements): _retirements,
    ("validators", validators_needs.Members): _members,
    ("services", services_needs.Members): _members,
    ("services", services_needs.Steps): _steps,
    ("services", services_needs.Escrow): _escrow,
    ("services", services_needs.Budgets): _budgets,
}


def system_registry(suite: Suite) -> Registry:
    """The system contracts, ready to execute.

    Args:
        suite: the network's suite; contracts are handed it with each transaction, and today's
            versions run under either.
    """
    del suite
    return Registry(
        contracts=list(CONTRACTS),
        wiring=WIRING,
        keys=MemberKeys(),
        validators=ContractValidators(),
    )


def contract_versions() -> dict[str, int]:
    """The version of each system contract that a new network starts with."""
    return {contract.name: contract.version for contract in CONTRACTS}


def genesis_messages(
    members: Sequence[GenesisMember],
    *,
    parameters: FlowParameters = DEFAULT_PARAMETERS,
    allocations: Sequence[Allocation] = (),
    validators: Sequence[GenesisValidator] = (),
    validator_parameters: ValidatorParameters = DEFAULT_VALIDATOR_PARAMETERS,
) -> dict[str, dict[str, Any]]:
    """Genesis message of each contract that has one, as plain objects for the genesis file.

    Args:
        members: preset, trusted members with their proofs; at least one operator.
        parameters: which protocols are allowed for which level.
        allocations: points that exist from the start; none by default.
        validators: who votes from the first block on; none where the embedded engine orders.
        validator_parameters: rules of the set of validators.
    """
    initial: dict[str, msgspec.Struct] = {
        "identity": IdentityGenesis(members=list(members)),
        "points": PointsGenesis(allocations=list(allocations)),
        "flows": parameters,
        "validators": ValidatorsGenesis(
            validators=list(validators), parameters=validator_parameters
        ),
    }
    return {name: msgspec.to_builtins(message) for name, message in initial.items()}
