"""The three rights of a dataset."""

from __future__ import annotations

from fastapi import APIRouter

from hanse.api.rights import RightsView, TransferRightRequest
from hanse.contracts.catalogue.queries import get_dataset
from hanse.contracts.rights.messages import TransferRight
from hanse.contracts.rights.queries import get_rights
from hanse.node.errors import NothingFound
from hanse.node.http.acting import act
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.messages import message
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "rights.show")
def show(network: NetworkDep, dataset: str) -> RightsView:
    """Who holds the rights."""
    state = network.ledger.state
    entry, rights = get_dataset(state, dataset), get_rights(state, dataset)
    if entry is None:
        raise NothingFound("no such dataset")
    return RightsView(
        dataset=dataset,
        holding=rights.holding if rights else entry.owner,
        processing=rights.processing if rights else entry.owner,
        operation=rights.operation if rights else entry.owner,
        registered=rights is not None,
    )


@operation(router, "rights.transfer")
async def transfer(network: NetworkDep, dataset: str, body: TransferRightRequest) -> RightsView:
    """Hand one right on, as its holder."""
    order = message(TransferRight, {"dataset": dataset, "right": body.right, "to": body.to})
    await act(network, "rights", order)
    return show(network, dataset)
