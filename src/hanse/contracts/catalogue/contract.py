"""The catalogue contract: handlers of its messages."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hanse.contracts.catalogue import errors, events, messages, rules
from hanse.contracts.catalogue.needs import NEEDS, Members
from hanse.contracts.catalogue.types import DATASETS, RESOURCES, DatasetRecord, ResourceRecord
from hanse.ledger.contract.contract import Context, Contract


class DatasetRef(msgspec.Struct, frozen=True):
    """Result of publishing a dataset."""

    dataset: str


class ResourceRef(msgspec.Struct, frozen=True):
    """Result of publishing a resource."""

    resource: str


def publish_dataset(ctx: Context, message: messages.PublishDataset) -> DatasetRef:
    """Enter a dataset; the sender is its owner."""
    ctx.need(Members).require_role(ctx.sender, "data_provider", "custodian")
    rules.require_sound(message)
    record = rules.describe(
        message,
        dataset=ctx.new_id("ds"),
        owner=ctx.sender,
        revision=1,
        published_ms=ctx.time_ms,
        updated_ms=ctx.time_ms,
    )
    DATASETS.put(ctx.state, record, record.id)
    ctx.emit(events.DatasetPublished(dataset=record.id, owner=ctx.sender, entry=record))
    return DatasetRef(record.id)


def update_dataset(ctx: Context, message: messages.UpdateDataset) -> None:
    """Describe a dataset anew, under its next revision."""
    old = _own_dataset(ctx, message.dataset)
    rules.require_sound(message)
    record = rules.describe(
        message,
        dataset=old.id,
        owner=old.owner,
        revision=old.revision + 1,
        published_ms=old.published_ms,
        updated_ms=ctx.time_ms,
    )
    DATASETS.put(ctx.state, record, record.id)
    ctx.emit(events.DatasetUpdated(dataset=record.id, owner=ctx.sender, entry=record))


def withdraw_dataset(ctx: Context, message: messages.WithdrawDataset) -> None:
    """Take a dataset out for good."""
    old = _own_dataset(ctx, message.dataset)
    DATASETS.put(ctx.state, replace(old, state="WITHDRAWN", updated_ms=ctx.time_ms), old.id)
    ctx.emit(events.DatasetWithdrawn(dataset=old.id, owner=ctx.sender))


def publish_resource(ctx: Context, message: messages.PublishResource) -> ResourceRef:
    """Enter computing capacity; the sender is its provider."""
    ctx.need(Members).require_role(ctx.sender, "compute_provider")
    record = ResourceRecord(
        id=ctx.new_id("rs"),
        owner=ctx.sender,
        kind=message.kind,
        protocols=message.protocols,
        price_points=message.price_points,
        cores=message.cores,
        memory_bytes=message.memory_bytes,
        published_ms=ctx.time_ms,
    )
    RESOURCES.put(ctx.state, record, record.id)
    ctx.emit(events.ResourcePublished(resource=record.id, owner=ctx.sender, entry=record))
    return ResourceRef(record.id)


def withdraw_resource(ctx: Context, message: messages.WithdrawResource) -> None:
    """Take computing capacity back."""
    ctx.need(Members).require_active(ctx.sender)
    record = RESOURCES.require(ctx.state, errors.ResourceNotFound, message.resource)
    if record.owner != ctx.sender:
        raise errors.NotYourResource()
    if record.state == "WITHDRAWN":
        raise errors.ResourceWithdrawnError()
    RESOURCES.put(ctx.state, replace(record, state="WITHDRAWN"), record.id)
    ctx.emit(events.ResourceWithdrawn(resource=record.id, owner=ctx.sender))


def _own_dataset(ctx: Context, dataset: str) -> DatasetRecord:
    ctx.need(Members).require_active(ctx.sender)
    record = DATASETS.require(ctx.state, errors.DatasetNotFound, dataset)
    if record.owner != ctx.sender:
        raise errors.NotYourDataset()
    if record.state == "WITHDRAWN":
        raise errors.DatasetWithdrawnError()
    return record


SPEC = Contract(
    name="catalogue",
    version=1,
    handlers={
        messages.PublishDataset: publish_dataset,
        messages.UpdateDataset: update_dataset,
        messages.WithdrawDataset: withdraw_dataset,
        messages.PublishResource: publish_resource,
        messages.WithdrawResource: withdraw_resource,
    },
    needs=NEEDS,
    events=(
        events.DatasetPublished,
        events.DatasetUpdated,
        events.DatasetWithdrawn,
        events.ResourcePublished,
        events.ResourceWithdrawn,
    ),
)
