"""The HTTP face of a node that belongs to no network: gate, limits, errors, audit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from hanse.api.operations import OPERATIONS
from hanse.node.bootstrap import init_node
from hanse.node.http.app import build_app
from hanse.node.node import Node
from hanse.node.settings import load_settings
from hanse.node.users.roles import Role
from hanse.node.wiring import build_node

PASSWORD = "correct-horse-9"
LONG = "another-Password-4"


@pytest.fixture(scope="session")
def made_home(tmp_path_factory) -> Path:
    """One home, copied for each test: making it costs half a second."""
    home = tmp_path_factory.mktemp("home") / "node"
    init_node(home, name="Bank", suite="intl", admin_password=PASSWORD)
    return home


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(made_home, tmp_path / "node"))


@pytest.fixture
async def node(home: Path, monkeypatch, clock) -> AsyncIterator[Node]:
    """A node whose time only moves when told: limits per minute and lockouts hold still."""
    monkeypatch.setenv("HANSE_LIMITS__LOGIN_CALLS", "12")
    monkeypatch.setenv("HANSE_HTTP__MAX_BODY_BYTES", "4096")
    built = build_node(home, settings=load_settings(home), clock=clock)
    await built.start()
    yield built
    await built.stop()


@pytest.fixture
async def http(node: Node) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(node))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        yield client


async def login(http: httpx.AsyncClient, user: str = "admin", password: str = PASSWORD) -> str:
    answer = await http.post("/v1/session", json={"username": user, "password": password})
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def error_of(answer: httpx.Response) -> str:
    body = answer.json()["error"]
    assert body["message"] and body["help"] and body["request_id"], body
    return body["code"]


async def test_every_error_names_code_help_and_request(http) -> None:
    answer = await http.get("/v1/users", headers={"x-request-id": "my-request-1"})
    assert answer.status_code == 401
    assert error_of(answer) == "node.not_logged_in"
    assert answer.json()["error"]["request_id"] == "my-request-1"
    assert answer.headers["x-request-id"] == "my-request-1"


async def test_request_id_that_could_forge_log_lines_is_replaced(http) -> None:
    answer = await http.get("/health", headers={"x-request-id": "x" * 300})
    assert answer.headers["x-request-id"].startswith("rq-")


async def test_unknown_route_and_method(http) -> None:
    assert error_of(await http.get("/v1/nothing")) == "node.no_such_route"
    assert error_of(await http.put("/v1/users")) == "node.no_such_route"


async def test_invalid_body_names_fields_and_never_values(http) -> None:
    body = {"username": "admin", "password": 5, "extra-secret": "s3cret"}
    answer = await http.post("/v1/session", json=body)
    assert error_of(answer) == "api.invalid_request"
    assert "password" in answer.text
    assert "s3cret" not in answer.text


async def test_malformed_json_is_named(http) -> None:
    answer = await http.post(
        "/v1/session", content=b"{", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert error_of(answer) == "api.invalid_request"


async def test_oversized_body_announced_or_not_is_refused(http) -> None:
    big = json.dumps({"username": "a", "password": "x" * 5000}).encode()
    answer = await http.post(
        "/v1/session", content=big, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, error_of(answer)) == (413, "node.body_too_large")

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(big), 500):
            yield big[start : start + 500]

    answer = await http.post(
        "/v1/session", content=unannounced(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, error_of(answer)) == (413, "node.body_too_large")


async def test_login_limit_per_address(http) -> None:
    bodies = [{"username": f"nobody-{i}", "password": "wrong-password"} for i in range(13)]
    codes = [error_of(await http.post("/v1/session", json=body)) for body in bodies]
    assert codes[:12] == ["node.wrong_password"] * 12
    assert codes[12] == "node.too_many_requests"


async def test_session_ends_with_logout(http) -> None:
    token = await login(http)
    assert (await http.get("/v1/session", headers=bearer(token))).json()["user"] == "admin"
    assert (await http.delete("/v1/session", headers=bearer(token))).status_code == 204
    assert error_of(await http.get("/v1/session", headers=bearer(token))) == "node.not_logged_in"


async def test_reset_password_must_be_changed_before_anything_else(http) -> None:
    admin = bearer(await login(http))
    new = {"name": "anna", "password": PASSWORD, "roles": ["auditor"]}
    assert (await http.post("/v1/users", json=new, headers=admin)).status_code == 201
    reset = {"new_password": LONG}
    answer = await http.put("/v1/users/anna/password", json=reset, headers=admin)
    assert answer.status_code == 204
    anna = bearer(await login(http, "anna", LONG))
    assert error_of(await http.get("/v1/users", headers=anna)) == "node.password_change_required"
    change = {"current_password": LONG, "new_password": "third-Password-77"}
    answer = await http.put("/v1/users/anna/password", json=change, headers=anna)
    assert answer.status_code == 204
    anna = bearer(await login(http, "anna", "third-Password-77"))
    assert (await http.get("/v1/users", headers=anna)).status_code == 200


async def test_only_an_admin_resets_anothers_password(http) -> None:
    admin = bearer(await login(http))
    for name in ("anna", "eve"):
        body = {"name": name, "password": PASSWORD, "roles": ["steward"]}
        await http.post("/v1/users", json=body, headers=admin)
    eve = bearer(await login(http, "eve"))
    answer = await http.put("/v1/users/anna/password", json={"new_password": LONG}, headers=eve)
    assert error_of(answer) == "node.not_permitted"
    await login(http, "anna")


async def test_token_has_at_most_the_roles_of_its_maker(http) -> None:
    admin = bearer(await login(http))
    body = {"name": "anna", "password": PASSWORD, "roles": ["analyst"]}
    await http.post("/v1/users", json=body, headers=admin)
    anna = bearer(await login(http, "anna"))
    wide = await http.post("/v1/tokens", json={"name": "t", "roles": ["admin"]}, headers=anna)
    assert error_of(wide) == "node.not_permitted"
    made = await http.post("/v1/tokens", json={"name": "t", "roles": ["analyst"]}, headers=anna)
    token = made.json()["token"]
    shown = await http.get("/v1/session", headers=bearer(token))
    assert shown.json()["token_name"] == "t"
    listed = (await http.get("/v1/tokens", headers=anna)).json()["items"]
    assert token not in json.dumps(listed)
    await http.delete(f"/v1/tokens/{listed[0]['id']}", headers=anna)
    assert error_of(await http.get("/v1/session", headers=bearer(token))) == "node.not_logged_in"


async def test_operations_that_need_a_ledger_say_there_is_none(http) -> None:
    admin = bearer(await login(http))
    assert error_of(await http.get("/v1/ledger/status", headers=admin)) == "node.no_network"
    assert error_of(await http.post("/v1/messages", content=b"x")) == "node.no_network"


async def test_every_action_is_logged_with_user_target_outcome(http, node: Node) -> None:
    admin = bearer(await login(http))
    await http.get("/v1/users/nobody", headers=admin)
    await http.post("/v1/session", json={"username": "admin", "password": "wrong-one"})
    await http.get("/health")
    entries = [item.entry for item in node.host.audit.entries()]
    seen = [(e.actor.split(":")[0], e.operation, e.target, e.outcome) for e in entries]
    assert seen == [
        ("public", "session.login", "user=admin", "node.wrong_password"),
        ("user", "users.get", "name=nobody", "node.no_such_user"),
        ("user", "session.login", "user=admin", "ok"),
    ]
    verified = await http.post("/v1/audit/log/verify", headers=admin)
    assert verified.json()["state"] == "INTACT"


async def test_nothing_is_done_while_the_audit_log_cannot_be_written(http, node: Node) -> None:
    admin = bearer(await login(http))
    with node.host.database.write() as connection:
        connection.execute(text("ALTER TABLE audit_entries RENAME TO away"))
    body = {"name": "anna", "password": PASSWORD, "roles": ["analyst"]}
    answer = await http.get("/v1/users", headers=admin)
    assert (answer.status_code, error_of(answer)) == (503, "node.audit_unavailable")
    answer = await http.post("/v1/users", json=body, headers=admin)
    assert error_of(answer) == "node.audit_unavailable"
    assert [user.name for user in node.accounts.list()] == ["admin"]
    health = await http.get("/health")
    assert health.status_code == 503
    with node.host.database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit_entries"))
    assert (await http.post("/v1/users", json=body, headers=admin)).status_code == 201


async def test_unexpected_failure_is_an_internal_error_without_detail(
    http, node: Node, monkeypatch
) -> None:
    admin = bearer(await login(http))

    def broken() -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(node.accounts, "list", broken)
    answer = await http.get("/v1/users", headers=admin)
    assert (answer.status_code, error_of(answer)) == (500, "internal.error")
    assert "hunter2" not in answer.text


async def test_metrics_count_requests_logins_and_errors(http, node: Node) -> None:
    from hanse.node.observability.gauges import watch_node

    watch_node(node)
    await login(http)
    await http.get("/v1/users")
    shown = (await http.get("/metrics")).text
    assert 'hanse_logins_total{outcome="ok"} 1.0' in shown
    assert 'hanse_errors_total{code="node.not_logged_in"} 1.0' in shown
    assert 'hanse_http_request_seconds_count{operation="session.login",status="201"}' in shown
    assert "hanse_users 1.0" in shown
    assert "hanse_ledger_height 0.0" in shown


async def test_public_operations_need_nobody(http) -> None:
    shown = (await http.get("/v1/node")).json()
    assert (shown["name"], shown["ledger_role"], shown["height"]) == ("Bank", "none", 0)
    codes = {item["code"] for item in (await http.get("/v1/errors")).json()["items"]}
    assert {"node.not_permitted", "ledger.receipt_timeout", "rights.grant_used_up"} <= codes


async def test_openapi_document_names_every_operation(http) -> None:
    document = (await http.get("/openapi.json")).json()
    named = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert named == set(OPERATIONS)


@pytest.mark.parametrize("role", list(Role))
async def test_every_operation_by_role_is_open_exactly_to_the_roles_of_the_table(
    http, node: Node, role: Role
) -> None:
    """Goes through every operation over HTTP: refused by the gate, or let through to its handler.

    Let through, a call without a network fails in the handler (or succeeds): only the gate
    answers ``node.not_permitted`` with the operation's name.
    """
    from hanse.node.http.permissions import PERMISSIONS

    expected = EXPECTED[role]
    if role is not Role.ADMIN:
        node.accounts.add("someone", PASSWORD, {role})
    name = "admin" if role is Role.ADMIN else "someone"
    for id_, operation in OPERATIONS.items():
        token, _ = node.tokens.open_session(name, {role})
        path = operation.path.format_map(_Filled())
        answer = await http.request(operation.method, path, headers=bearer(token))
        code = "" if answer.status_code < 400 else answer.json()["error"]["code"]
        message = "" if not code else answer.json()["error"]["message"]
        refused = code == "node.not_permitted" and message.endswith(f"may not call {id_}")
        allowed = operation.access == "public" or id_ in expected
        assert refused is not allowed, (id_, answer.text)
        if operation.access != "public":
            assert (role in PERMISSIONS[id_]) is allowed


async def test_without_a_token_only_public_operations_answer(http) -> None:
    for id_, operation in OPERATIONS.items():
        path = operation.path.format_map(_Filled())
        answer = await http.request(operation.method, path)
        refused = answer.status_code == 401 and error_of(answer) == "node.not_logged_in"
        assert refused is (operation.access != "public"), id_


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "1"


_OWN = (
    "session.show session.logout users.set_password tokens.list tokens.create tokens.delete "
    "identity.show issuers.list rights.show "
    "members.list members.get members.resolve credentials.verify ledger.status ledger.blocks "
    "ledger.block ledger.transactions ledger.transaction ledger.prove_transaction "
    "ledger.prove_state ledger.checkpoint ledger.consensus ledger.statistics ledger.search "
    "catalogue.datasets catalogue.dataset "
    "catalogue.resources "
    "algorithms.list algorithms.show algorithms.package "
    "catalogue.resource operators.list operators.get templates.list templates.get templates.fill "
    "flows.list flows.get node.tasks points.accounts "
    "points.account points.history audit.trace validators.list validators.nodes "
    "validators.votes validators.reports privacy.list privacy.show privacy.releases "
    "models.list models.get services.list services.get services.verify"
)
_ADMIN = (
    "users.list users.create users.get users.update users.delete applications.list "
    "applications.get applications.admit applications.reject members.suspend "
    "identity.rotate_key identity.update_endpoint identity.deactivate "
    "issuers.accredit issuers.withdraw rights.transfer "
    "members.reinstate members.remove credentials.list credentials.get credentials.suspend "
    "credentials.reinstate credentials.revoke credentials.reissue ledger.submit ledger.raw_blocks "
    "ledger.prove_snapshot ledger.ask_engine "
    "catalogue.publish_resource catalogue.withdraw_resource points.issue points.freeze "
    "points.unfreeze audit.log audit.verify_log validators.vote validators.register "
    "validators.rotate_keys validators.deregister "
    "upkeep.snapshots upkeep.take_snapshot upkeep.prune upkeep.archives upkeep.export_archive "
    "upkeep.restore_archive upkeep.backups upkeep.back_up"
)
_STEWARD = (
    "credentials.list credentials.get data.import_path data.upload data.list data.get "
    "data.delete data.publish data.export catalogue.update_dataset "
    "algorithms.publish algorithms.approve algorithms.revoke algorithms.withdraw "
    "catalogue.withdraw_dataset catalogue.publish_resource catalogue.withdraw_resource "
    "grants.list grants.get grants.explain grants.offer grants.agree grants.terminate "
    "grants.revoke flows.suspend flows.terminate flows.results points.transfer "
    "privacy.set privacy.end models.retire services.offer services.accept services.suspend "
    "services.resume services.end services.usage "
    "evidence.list evidence.open"
)
_ANALYST = (
    "data.list data.get grants.list grants.get grants.explain grants.request grants.accept "
    "grants.verify grants.terminate flows.check flows.deploy flows.suspend flows.resume "
    "flows.terminate flows.rerun flows.results flows.result evidence.list evidence.open "
    "services.reserve services.predict services.retrieve services.usage"
)
_AUDITOR = (
    "users.list users.get applications.list applications.get credentials.list "
    "credentials.get grants.list grants.get grants.explain evidence.list evidence.open "
    "audit.log audit.verify_log services.usage"
)
# Written out a second time on purpose: a change of the table must be made twice, knowingly.
EXPECTED = {
    Role.ADMIN: {*_OWN.split(), *_ADMIN.split()},
    Role.STEWARD: {*_OWN.split(), *_STEWARD.split()},
    Role.ANALYST: {*_OWN.split(), *_ANALYST.split()},
    Role.AUDITOR: {*_OWN.split(), *_AUDITOR.split()},
}
