"""Acting on the ledger in the organisation's name, and waiting until the views show it."""

from __future__ import annotations

from hanse.api.base import TransactionOutcome
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.node.network import Network


async def act(network: Network, contract: str, message: Message) -> Receipt:
    """Submit, wait for the receipt, wait for the views.

    Raises:
        HanseError: the named error of the receipt, or why it was not accepted.
    """
    receipt = await network.submitter.submit(contract, message)
    await shown(network, receipt)
    return receipt


async def outcome(network: Network, contract: str, message: Message) -> TransactionOutcome:
    """The same, answered as transaction and height."""
    return await shown(network, await network.submitter.submit(contract, message))


async def shown(network: Network, receipt: Receipt) -> TransactionOutcome:
    """What a receipt stands in, once the views show it."""
    height = network.submitter.height_of(receipt)
    await network.projector.wait_height(height)
    header = network.ledger.header(height)
    return TransactionOutcome(
        transaction=receipt.tx, height=height, time_ms=header.time_ms if header else 0
    )
