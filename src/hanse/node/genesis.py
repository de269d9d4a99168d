"""The genesis of a network with one preset, trusted operator."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.contracts.identity.types import GenesisMember
from hanse.contracts.points.types import Allocation
from hanse.contracts.system import contract_versions, genesis_messages
from hanse.contracts.validators.types import GenesisValidator
from hanse.core.errors import InputError
from hanse.identity.did import Service
from hanse.identity.holder import Identity
from hanse.ledger.genesis import Genesis, Orderer


class BadNetwork(InputError):
    """The network's description is not usable."""

    code = "node.bad_network"
    help = "Correct the name, roles or points named."


def build_genesis(
    *,
    identity: Identity,
    orderer_public: bytes,
    network: str,
    organisation: str,
    service: Service,
    roles: list[str],
    controller: str,
    points: int,
    created_ms: int,
    validators: Sequence[GenesisValidator] = (),
) -> Genesis:
    """Genesis with this identity as the operator.

    Args:
        identity: the operator's; it proves its own document.
        orderer_public: key that signs blocks. It is not the identity's, so that rotating that
            one leaves the chain's key as the genesis names it.
        network: display name of the network.
        organisation: display name of the operator.
        service: where the operator's node is reached.
        roles: at least ``operator``.
        controller: who controls the operator, or empty.
        points: points of the operator's account at the start.
        created_ms: UTC ms.
        validators: who votes on blocks from the first one on; the embedded engine when none.

    Raises:
        BadNetwork: naming what is wrong.
    """
    if "operator" not in roles:
        raise BadNetwork("the preset member must have the role operator")
    document = identity.document([service])
    values = {
        "document": msgspec.to_builtins(document),
        "proof": identity.prove_document(document).hex(),
        "name": organisation,
        "roles": roles,
        "controller": controller,
    }
    try:
        member = msgspec.convert(values, GenesisMember)
        allocation = msgspec.convert({"to": identity.did, "amount_points": points}, Allocation)
    except msgspec.ValidationError as error:
        raise BadNetwork(str(error)) from error
    return Genesis(
        name=network,
        suite=identity.suite.name,
        created_ms=created_ms,
        engine="cometbft" if validators else "embedded",
        orderer=Orderer(identity.did, orderer_public.hex()),
        contracts=contract_versions(),
        initial=genesis_messages(
            [member], allocations=[allocation] if points else [], validators=validators
        ),
    )
