"""The table of operations is complete and says one thing only."""

import re

import pytest
from pydantic import BaseModel

from hanse.api.base import Request, View
from hanse.api.operations import OPERATIONS, operation

ALL = list(OPERATIONS.values())


def test_no_two_operations_share_method_and_path() -> None:
    places = [(declared.method, declared.path) for declared in ALL]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("declared", ALL, ids=lambda declared: declared.id)
def test_operation_is_well_formed(declared) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", declared.id)
    assert declared.path.startswith(("/v1/", "/health", "/metrics"))
    assert declared.summary and not declared.summary.endswith(".")
    assert (declared.status == 204) == (declared.response is None)
    if declared.request is not None:
        assert declared.method in {"POST", "PUT", "PATCH"}
        assert issubclass(declared.request, Request)
    if declared.answers == "json" and isinstance(declared.response, type):
        assert declared.response is dict or issubclass(declared.response, View)


def test_everything_but_entry_points_needs_a_token() -> None:
    public = {declared.id for declared in ALL if declared.access == "public"}
    assert public == {
        "session.login",
        "node.show",
        "node.health",
        "node.metrics",
        "node.errors",
        "applications.submit",
        "ledger.genesis",
        "peer.challenge",
        "peer.answer",
        "peer.application",
        "peer.send",
    }


def test_lists_are_paged() -> None:
    lists = {d.id for d in ALL if d.verb in {"list", "blocks", "transactions", "history", "log"}}
    unpaged = {d.id for d in ALL if d.id in lists and not d.paged}
    # All are short: what a release can run and brings along, whom the operator accredited, and
    # the models of one node.
    assert unpaged == {"operators.list", "templates.list", "issuers.list", "models.list"}


def test_unknown_operation_raises() -> None:
    with pytest.raises(KeyError):
        operation("users.promote")


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    found = {model}
    for child in model.__subclasses__():
        found |= _models(child)
    return found


@pytest.mark.parametrize("model", sorted(_models(Request), key=lambda m: m.__name__), ids=str)
def test_requests_refuse_unknown_fields_and_cannot_change(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True
