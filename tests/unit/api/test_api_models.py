"""Wire models: strict towards callers, tolerant towards newer nodes, silent about secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.api.errors import InvalidRequest, build
from hanse.api.grants import RequestGrantRequest
from hanse.api.node import NodeView
from hanse.api.points import TransferPointsRequest
from hanse.api.session import CreateUserRequest, LoginRequest, SetPasswordRequest

GRANT = {
    "dataset": "ds-1",
    "fields": ["id"],
    "purpose": "credit-risk",
    "operators": ["align"],
    "not_after_ms": 1,
}


def test_secret_is_written_to_the_body_only() -> None:
    body = build(LoginRequest, {"username": "alice", "password": "hunter2 hunter2"})
    assert "hunter2" not in repr(body)
    assert "hunter2" not in str(body.model_dump())
    assert '"password":"hunter2 hunter2"' in body.model_dump_json()


def test_invalid_request_names_fields_and_no_values() -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(CreateUserRequest, {"name": "a b", "password": "short-pw", "roles": ["king"]})
    message = caught.value.message
    assert {"name", "password", "roles.0"} <= {part.split(":")[0] for part in message.split("; ")}
    assert "short-pw" not in message and "king" not in message
    assert caught.value.exit_code == 2 and caught.value.status == 400


def test_none_leaves_the_default() -> None:
    body = build(SetPasswordRequest, {"new_password": "x" * 12, "current_password": None})
    assert body.model_dump_json(exclude_none=True) == '{"new_password":"' + "x" * 12 + '"}'


@pytest.mark.parametrize(
    ("field", "value"),
    [("fields", []), ("operators", []), ("uses", 0), ("purpose", ""), ("not_after_ms", -1)],
)
def test_grant_request_out_of_range_is_refused(field: str, value: object) -> None:
    build(RequestGrantRequest, GRANT)
    with pytest.raises(InvalidRequest, match=field):
        build(RequestGrantRequest, {**GRANT, field: value})


def test_unknown_request_field_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="purposes"):
        build(RequestGrantRequest, {**GRANT, "purposes": ["marketing"]})


def test_view_ignores_fields_of_a_newer_node() -> None:
    view = NodeView.model_validate(
        {"name": "银行", "did": "did:hanse:a", "suite": "sm", "version": "9", "mood": "good"}
    )
    assert view.name == "银行"


@given(st.integers())
def test_points_are_positive_and_fit_canonical_integers(amount: int) -> None:
    fits = 1 <= amount <= 2**53 - 1
    try:
        build(TransferPointsRequest, {"to": "did:hanse:a", "amount_points": amount})
    except InvalidRequest:
        assert not fits
    else:
        assert fits
