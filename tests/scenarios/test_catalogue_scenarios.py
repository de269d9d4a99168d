"""Datasets and resources published, described anew, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network
from contract_story import description, publish

from hanse.contracts.catalogue import errors, messages
from hanse.contracts.catalogue.invariants import CatalogueBroken, check_dataset
from hanse.contracts.catalogue.queries import get_dataset, get_resource
from hanse.contracts.catalogue.types import Field
from hanse.contracts.identity.errors import RoleRequired
from hanse.contracts.plain import ObjectTooLarge
from hanse.core.canonical import NotCanonical
from hanse.core.errors import InputError


@pytest.fixture
def net() -> Network:
    return Network()


RESOURCE = messages.PublishResource(protocols=["aby3"], cores=8, memory_bytes=2**34)


def test_publish_dataset_enters_it_under_a_derived_id(net: Network) -> None:
    outcome = net.send("merchant", messages.PublishDataset(**description()))
    dataset = outcome.result.dataset
    record = get_dataset(net.state, dataset)
    assert record is not None
    assert (record.owner, record.state, record.revision) == (net.did("merchant"), "PUBLISHED", 1)
    assert record.row_count is None
    assert outcome.data("DatasetPublished")["entry"]["fields"][0]["name"] == "id"
    check_dataset(net.state, dataset)


@pytest.mark.parametrize("actor", ["auditor", "compute_1", "operator"])
def test_publish_dataset_by_non_provider_is_refused(actor: str) -> None:
    net = Network()
    with pytest.raises(RoleRequired):
        publish(net, actor)


def test_update_dataset_by_owner_makes_a_revision(net: Network) -> None:
    dataset = publish(net)
    changes = description(title="渠道交易", commitment="22" * 32, row_count=10)
    net.send("merchant", messages.UpdateDataset(dataset=dataset, **changes))
    record = get_dataset(net.state, dataset)
    assert record is not None
    assert (record.title, record.revision, record.row_count) == ("渠道交易", 2, 10)
    assert record.updated_ms > record.published_ms
    check_dataset(net.state, dataset)


@pytest.mark.parametrize("actor", ["bank", "operator", "stranger"])
def test_update_or_withdraw_by_non_owner_is_refused(actor: str) -> None:
    net = Network()
    dataset = publish(net)
    resource = net.send("compute_1", RESOURCE).result.resource
    with pytest.raises(errors.NotYourDataset):
        net.send(actor, messages.UpdateDataset(dataset=dataset, **description()))
    with pytest.raises(errors.NotYourDataset):
        net.send(actor, messages.WithdrawDataset(dataset))
    with pytest.raises(errors.NotYourResource):
        net.send(actor, messages.WithdrawResource(resource))


def test_withdraw_dataset_is_final(net: Network) -> None:
    dataset = publish(net)
    assert net.send("merchant", messages.WithdrawDataset(dataset)).names() == ["DatasetWithdrawn"]
    with pytest.raises(errors.DatasetWithdrawnError):
        net.send("merchant", messages.WithdrawDataset(dataset))
    with pytest.raises(errors.DatasetWithdrawnError):
        net.send("merchant", messages.UpdateDataset(dataset=dataset, **description()))
    with pytest.raises(errors.DatasetNotFound):
        net.send("merchant", messages.WithdrawDataset("ds-" + "a" * 26))


FIELD = Field(name="id", type="text", level=4)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"fields": [FIELD, FIELD], "level": 4}, errors.DuplicateFields),
        ({"operators": ["align", "align"]}, errors.DuplicateFields),
        ({"purposes": ["x", "x"]}, errors.DuplicateFields),
        ({"keywords": ["x", "x"]}, errors.DuplicateFields),
        ({"fields": [FIELD], "level": 3}, errors.LevelTooLow),
        ({"policy": {"x": "y" * 20_000}}, ObjectTooLarge),
        ({"policy": {"a": {"b": [[[[[[[[[[[[1]]]]]]]]]]]]}}}, ObjectTooLarge),
        ({"policy": {"share": 0.5}}, NotCanonical),
    ],
)
def test_publish_contradictory_description_is_refused(
    changes: dict[str, Any], error: type[InputError]
) -> None:
    net = Network()
    before = dict(net.state.data)
    with pytest.raises(error):
        publish(net, **changes)
    assert net.state.data == before


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"fields": []},
        {"level": 6},
        {"level": 0},
        {"price_points": -1},
        {"commitment": "AB" * 32},
        {"commitment": "ab" * 32 + "\n"},
        {"description": "x" * 4_001},
        {"keywords": ["x"] * 33},
        {"row_count": -1},
        {"operators": ["no spaces"]},
    ],
)
def test_publish_out_of_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NotCanonical):
        publish(Network(), **changes)


def test_publish_and_withdraw_resource(net: Network) -> None:
    resource = net.send("compute_1", RESOURCE).result.resource
    record = get_resource(net.state, resource)
    assert record is not None
    assert (record.owner, record.cores) == (net.did("compute_1"), 8)
    net.send("compute_1", messages.WithdrawResource(resource))
    with pytest.raises(errors.ResourceWithdrawnError):
        net.send("compute_1", messages.WithdrawResource(resource))
    with pytest.raises(errors.ResourceNotFound):
        net.send("compute_1", messages.WithdrawResource("rs-" + "a" * 26))


@pytest.mark.parametrize("actor", ["bank", "operator", "auditor"])
def test_publish_resource_by_non_provider_is_refused(actor: str) -> None:
    with pytest.raises(RoleRequired):
        Network().send(actor, RESOURCE)


def test_check_dataset_notices_a_missing_entry(net: Network) -> None:
    with pytest.raises(CatalogueBroken):
        check_dataset(net.state, "ds-" + "a" * 26)
