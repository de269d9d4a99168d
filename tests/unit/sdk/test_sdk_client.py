"""The client over real HTTP: sessions, named errors, pages, files, waiting."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hanse.api.errors import InvalidRequest
from hanse.core.errors import (
    AuthenticationError,
    ComputeError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
    catalogue,
)
from hanse.core.ports import free_port
from hanse.sdk import Client, iterate
from hanse.sdk.errors import (
    FlowTerminated,
    ImportFailed,
    NodeTimedOut,
    NodeUnreachable,
    NotANode,
    WaitTimedOut,
)
from hanse.sdk.files import CannotRead, CannotWrite
from hanse.sdk.waiting import wait_until


def test_client_logs_in_at_first_need_and_out_when_closed(service) -> None:
    with Client(service.url, username="alice", password="correct horse") as client:
        client.node.health()
        assert service.sessions == 0
        assert client.session.show().user == "alice"
        client.session.show()
        assert service.sessions == 1
    assert service.sessions == 0


def test_client_logs_in_again_when_its_session_has_ended(service) -> None:
    with Client(service.url, username="alice", password="correct horse") as client:
        client.session.show()
        service.ended = True
        assert client.session.show().user == "alice"
    assert service.seen_tokens == ["Bearer token-of-alice"] * 3


def test_ended_token_of_a_program_is_an_error_at_once(service) -> None:
    service.ended = True
    with (
        Client(service.url, token="token-of-alice") as client,
        pytest.raises(AuthenticationError),
    ):
        client.session.show()
    assert len(service.seen_tokens) == 1


def test_threads_share_one_session(service) -> None:
    with (
        Client(service.url, username="alice", password="correct horse") as client,
        ThreadPoolExecutor(8) as pool,
    ):
        assert len(list(pool.map(lambda _: client.session.show(), range(24)))) == 24
        assert service.sessions == 1


def test_given_token_is_used_and_left_alone(service) -> None:
    with Client(service.url, token="token-of-alice") as client:
        assert client.session.show().roles == ["admin"]
    assert service.seen_tokens == ["Bearer token-of-alice"]
    assert service.sessions == 0


def test_wrong_password_is_an_authentication_error(service) -> None:
    with (
        Client(service.url, username="alice", password="wrong") as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.session.show()
    assert caught.value.code == "auth.wrong_password"
    assert caught.value.exit_code == 3


def test_token_does_not_follow_environment_proxies(service, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with Client(service.url, token="token-of-alice") as client:
        assert client.session.show().user == "alice"


def test_request_id_goes_to_debug(service) -> None:
    with Client(service.url) as client, pytest.raises(AuthenticationError) as caught:
        client.session.show()
    assert caught.value.debug == "request rq-7"


def test_error_of_a_newer_node_keeps_code_kind_and_stays_out_of_the_catalogue(service) -> None:
    with Client(service.url) as client, pytest.raises(ConflictError) as caught:
        client.users.get("conflict")
    assert caught.value.code == "newer.unheard_of"
    assert caught.value.message == "a newer node says no"
    assert caught.value.help == "do this"
    assert caught.value.exit_code == ConflictError.exit_code
    assert "newer.unheard_of" not in catalogue()
    assert ConflictError.code == "state.conflict"


def test_nobody_listening_is_unreachable() -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(NodeUnreachable, match=r"127\.0\.0\.1"),
    ):
        client.node.show()


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1", "http://[::1"])
def test_address_that_is_none_is_unreachable(url: str) -> None:
    with pytest.raises(NodeUnreachable), Client(url) as client:
        client.node.show()


def test_slow_answer_times_out(service) -> None:
    with Client(service.url, timeout_s=1.0) as client, pytest.raises(NodeTimedOut):
        client.users.get("slow")


@pytest.mark.parametrize("name", ["proxy", "odd"])
def test_something_that_is_no_node_is_named(service, name: str) -> None:
    with Client(service.url) as client, pytest.raises(NotANode) as caught:
        client.users.get(name)
    assert not caught.value.retryable


@pytest.mark.parametrize("name", ["did:hanse:abc", "a/b", "a?b#c", "李雷", "../session"])
def test_path_parameters_cannot_change_the_path(service, name: str) -> None:
    with Client(service.url) as client:
        assert client.users.get(name).name == name


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_empty_path_parameters_are_refused_before_anything_is_sent(service, name: str) -> None:
    with Client(service.url) as client, pytest.raises(InvalidRequest):
        client.users.delete(name)


def test_iterate_walks_all_pages(service) -> None:
    with Client(service.url) as client:
        names = [user.name for user in iterate(client.users.list)]
        few = [user.name for user in iterate(client.users.list, limit=7)]
    assert names == few == [f"user{number:03}" for number in range(450)]


def test_unhealthy_answer_is_an_answer(service) -> None:
    with Client(service.url) as client:
        assert client.node.health().ok is False


def test_wait_healthy_reports_each_change(service) -> None:
    seen: list[str] = []
    with Client(service.url) as client:
        client.node.wait_healthy(10, lambda view: seen.append(view.checks[0].detail))
    assert seen == ["asked 1", "asked 2", "asked 3"]


def test_upload_sends_options_and_every_byte(service, tmp_path: Path) -> None:
    file = tmp_path / "客户.csv"
    content = b"id,y\n" + b"1,0\n" * 200_000
    file.write_bytes(content)
    with Client(service.url) as client:
        table = client.data.upload(file, "客户", key_columns=["id"], types={"y": "int64"})
    assert table.state == "IMPORTING"
    assert service.uploaded["content"] == content
    assert json.loads(service.uploaded["options"]) == {
        "name": "客户",
        "key_columns": ["id"],
        "types": {"y": "int64"},
    }


def test_upload_of_a_missing_file_is_named(service, tmp_path: Path) -> None:
    with Client(service.url) as client, pytest.raises(CannotRead, match=r"none\.csv"):
        client.data.upload(tmp_path / "none.csv", "t")


def test_export_writes_a_private_file(service, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with Client(service.url) as client:
        assert client.data.export("tb-1", target) == 9
    assert target.read_bytes() == b"id,y\n1,0\n"
    assert target.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("table", "error"), [("tb-broken", NodeUnreachable), ("tb-none", NotFoundError)]
)
def test_failed_export_leaves_the_old_file(service, tmp_path: Path, table, error) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with Client(service.url) as client, pytest.raises(error):
        client.data.export(table, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_export_into_a_missing_directory_is_named(service, tmp_path: Path) -> None:
    with Client(service.url) as client, pytest.raises(CannotWrite):
        client.data.export("tb-1", tmp_path / "none" / "out.csv")


def test_failed_import_raises_its_reason(service) -> None:
    with Client(service.url) as client:
        assert client.data.wait_ready("tb-1").state == "READY"
        with pytest.raises(ImportFailed, match=r"data\.unheard_of"):
            client.data.wait_ready("tb-bad")


def test_terminated_flow_raises_its_code(service) -> None:
    with Client(service.url) as client:
        assert client.flows.wait_completed("fl-good").state == "COMPLETED"
        with pytest.raises(FlowTerminated, match=r"rights\.grant_revoked") as caught:
            client.flows.wait_completed("fl-bad")
    assert isinstance(caught.value, ComputeError)


def test_wait_survives_a_node_that_is_away_or_busy() -> None:
    answers = iter([NodeUnreachable(), RateLimitError(), 1, 2, 3])

    def fetch() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait_until(fetch, lambda value: value == 3, what="three", timeout_s=20) == 3


def test_wait_ends_with_the_last_reason() -> None:
    def away() -> int:
        raise NodeUnreachable("gone")

    with pytest.raises(NodeUnreachable, match="gone"):
        wait_until(away, bool, what="x", timeout_s=0.05)
    with pytest.raises(WaitTimedOut, match="spring did not happen"):
        wait_until(lambda: 0, bool, what="spring", timeout_s=0.05)


def test_wait_gives_up_at_once_on_what_will_not_pass() -> None:
    def wrong() -> int:
        raise NotANode("html")

    with pytest.raises(NotANode):
        wait_until(wrong, bool, what="x", timeout_s=60)
    assert issubclass(NotANode, UnavailableError)
