"""Handlers: the three rights of a dataset.

They are separate (holding, processing and use, product operation); all start with the owner,
put on record at the first need. Who holds *processing* decides on grants.
"""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.rights import errors, events, messages
from hanse.contracts.rights.needs import Datasets, Members
from hanse.contracts.rights.types import RIGHTS, RightsRecord
from hanse.ledger.contract.contract import Context


def rights_of(ctx: Context, dataset: str, owner: str) -> RightsRecord:
    """The rights on record; registers them for the owner when there are none yet."""
    record = RIGHTS.get(ctx.state, dataset)
    if record is None:
        record = RightsRecord(dataset=dataset, holding=owner, processing=owner, operation=owner)
        RIGHTS.put(ctx.state, record, dataset)
        ctx.emit(events.RightsRegistered(dataset=dataset, holder=owner))
    return record


def register(ctx: Context, message: messages.RegisterRights) -> None:
    """Put the rights of an own dataset on record, before anybody asks."""
    ctx.need(Members).require_active(ctx.sender)
    owner = ctx.need(Datasets).owner(message.dataset)
    if owner != ctx.sender:
        raise errors.NotYourDataset()
    if RIGHTS.has(ctx.state, message.dataset):
        raise errors.RightsExist()
    rights_of(ctx, message.dataset, owner)


def transfer(ctx: Context, message: messages.TransferRight) -> None:
    """Hand one right to another active member; grants already agreed stay as they are."""
    members = ctx.need(Members)
    members.require_active(ctx.sender)
    members.require_active(message.to)
    owner = ctx.need(Datasets).owner(message.dataset)
    record = rights_of(ctx, message.dataset, owner)
    if _holder(record, message.right) != ctx.sender:
        raise errors.RightNotHeld(f"the right of {message.right} is somebody else's")
    if message.to == ctx.sender:
        raise errors.RightToSelf()
    RIGHTS.put(ctx.state, _hand_over(record, message.right, message.to), message.dataset)
    ctx.emit(
        events.RightTransferred(
            dataset=message.dataset, right=message.right, holder=ctx.sender, to=message.to
        )
    )


def _holder(record: RightsRecord, right: str) -> str:
    holders = {
        "holding": record.holding,
        "processing": record.processing,
        "operation": record.operation,
    }
    return holders[right]


def _hand_over(record: RightsRecord, right: str, to: str) -> RightsRecord:
    if right == "holding":
        return replace(record, holding=to)
    if right == "processing":
        return replace(record, processing=to)
    return replace(record, operation=to)
