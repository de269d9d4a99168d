"""The smaller parts of a node: limits, logs, secrets, sealing, background, uploads."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import ExitStack
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
import structlog
from starlette.requests import Request

from hanse.api.errors import InvalidRequest
from hanse.core.errors import HanseError, InputError, UnavailableError
from hanse.crypto.errors import CannotOpen, WrongPassphrase
from hanse.crypto.suite import get_suite
from hanse.data.scratch import Scratch
from hanse.data.types import Column
from hanse.data.vault import Vault
from hanse.node.background import Background
from hanse.node.errors import NoPassphrase, TermsDiffer, TooManyRequests, UnsafeFileMode
from hanse.node.home import NodeHome
from hanse.node.http.downloads import table_response
from hanse.node.http.rate_limit import MAXIMUM_CALLERS, RateLimiter
from hanse.node.http.uploads import receive_upload
from hanse.node.observability.logs import (
    REDACTED,
    bind_request,
    bind_task,
    configure_logs,
    logger,
    remove_secrets,
)
from hanse.node.sealing import Sealer
from hanse.node.secrets import create_secrets, find_passphrase, unlock
from hanse.node.settings import LogSettings

SUITE = get_suite("sm")


# -- rate limits -----------------------------------------------------------------------------


def test_limit_holds_in_any_window_and_for_each_caller_alone(clock) -> None:
    clock.now_ms = 1_700_000_040_000
    limiter = RateLimiter(60_000, clock)
    for _ in range(10):
        limiter.check("anna", 10)
    with pytest.raises(TooManyRequests, match="wait"):
        limiter.check("anna", 10)
    limiter.check("eve", 10)
    clock.advance(59_000)
    with pytest.raises(TooManyRequests):
        limiter.check("anna", 10)


def test_limit_burst_at_a_window_boundary_cannot_double_it(clock) -> None:
    clock.now_ms = 1_700_000_040_000 - 1_700_000_040_000 % 60_000 + 59_000
    limiter = RateLimiter(60_000, clock)
    for _ in range(10):
        limiter.check("anna", 10)
    clock.advance(2_000)
    accepted = 0
    for _ in range(10):
        try:
            limiter.check("anna", 10)
        except TooManyRequests:
            break
        accepted += 1
    assert accepted <= 1
    clock.advance(120_000)
    limiter.check("anna", 10)


def test_limiter_forgets_old_callers(clock) -> None:
    limiter = RateLimiter(60_000, clock)
    for number in range(MAXIMUM_CALLERS + 10):
        limiter.check(str(number), 1)
    assert len(limiter._windows) == MAXIMUM_CALLERS


# -- logs ------------------------------------------------------------------------------------


def test_secrets_never_reach_a_log_line() -> None:
    token = "hns_" + "a" * 43
    event = {
        "password": "x",
        "api_token": "x",
        "Authorization": "x",
        "note": f"sent {token} along",
        "nested": {"private_key": "x", "deep": [{"passphrase": "x"}, token]},
        "data": b"\x00" * 5,
        "token_id": "tk-1",
    }
    cleaned = remove_secrets(None, "", dict(event))
    assert cleaned["password"] == cleaned["api_token"] == cleaned["Authorization"] == REDACTED
    assert token not in json.dumps(cleaned)
    assert cleaned["nested"]["private_key"] == REDACTED
    assert cleaned["data"] == "[5 bytes]"
    assert cleaned["token_id"] == "tk-1"
    pem = "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----"
    assert "abc" not in remove_secrets(None, "", {"debug": f"key {pem}"})["debug"]


def test_lines_are_json_with_request_and_task(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    root.handlers = []
    try:
        configure_logs(LogSettings(file=str(path), level="info"))
        with bind_request("rq-1"), bind_task("fl-1", "align", 2):
            logger("node.test").info("did.something", count=3)
            logging.getLogger("elsewhere").warning("other %s", "thing")
            logger("node.test").debug("hidden")
        for handler in root.handlers:
            handler.close()
    finally:
        root.handlers, root.level = kept
        structlog.reset_defaults()
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first["event"] == "did.something"
    assert (first["request_id"], first["flow"], first["step"], first["attempt"]) == (
        "rq-1",
        "fl-1",
        "align",
        2,
    )
    assert (second["event"], second["request_id"]) == ("other thing", "rq-1")


# -- secrets ---------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> NodeHome:
    place = NodeHome(tmp_path / "node")
    place.create()
    return place


def test_unlock_by_file_and_by_environment(home: NodeHome) -> None:
    identity = create_secrets(home, SUITE, None)
    assert home.passphrase_file.stat().st_mode & 0o777 == 0o600
    assert home.keystore_file.stat().st_mode & 0o777 == 0o600
    opened = unlock(home, {})
    assert opened.identity.did == identity.did
    assert len({opened.vault_key, opened.wallet_key, opened.journal_key}) == 3
    with pytest.raises(WrongPassphrase):
        unlock(home, {"HANSE_PASSPHRASE": "something else"})
    home.passphrase_file.unlink()
    with pytest.raises(NoPassphrase):
        unlock(home, {})


def test_passphrase_that_others_may_read_is_refused(home: NodeHome) -> None:
    create_secrets(home, SUITE, None)
    home.passphrase_file.chmod(0o640)
    with pytest.raises(UnsafeFileMode):
        find_passphrase(home, {})


def test_chosen_passphrase_is_not_kept_in_the_home(home: NodeHome) -> None:
    create_secrets(home, SUITE, "correct horse battery")
    assert [path.name for path in home.secrets.iterdir()] == ["keystore"]


def test_sealed_value_opens_at_its_own_place_only() -> None:
    sealer = Sealer(SUITE, b"k" * 16, "opening")
    sealed = sealer.seal("row-1", b"secret")
    assert sealer.open("row-1", sealed) == b"secret"
    with pytest.raises(CannotOpen):
        sealer.open("row-2", sealed)
    with pytest.raises(CannotOpen):
        Sealer(SUITE, b"k" * 16, "credential").open("row-1", sealed)


# -- background ------------------------------------------------------------------------------


async def test_background_part_that_fails_is_named_and_repeated(monkeypatch) -> None:
    monkeypatch.setattr("hanse.node.background.FIRST_PAUSE_S", 0.01)
    background = Background()
    calls: list[int] = []
    done = asyncio.Event()

    async def sometimes() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise UnavailableError()
        done.set()

    background.start("part", sometimes)
    async with asyncio.timeout(60):
        await done.wait()
    await asyncio.sleep(0)
    assert background.failures == {}
    await background.stop()


async def test_background_failure_shows_while_it_lasts(monkeypatch) -> None:
    monkeypatch.setattr("hanse.node.background.FIRST_PAUSE_S", 30.0)
    background = Background()

    async def broken() -> None:
        raise UnavailableError()

    background.start("part", broken)
    await asyncio.sleep(0.01)
    assert background.failures == {"part": "service.unavailable"}
    await background.stop()


# -- uploads and downloads ---------------------------------------------------------------------


def upload_request(**sent: object) -> Request:
    built = httpx.Request("POST", "http://node/x", **sent)  # type: ignore[arg-type]
    body = built.read()
    chunks = [body[start : start + 7] for start in range(0, len(body), 7)]

    async def receive() -> dict[str, object]:
        piece = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": piece, "more_body": bool(chunks)}

    headers = [(k.lower().encode(), v.encode()) for k, v in built.headers.items()]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def test_upload_is_encrypted_on_disk_and_read_back(tmp_path: Path) -> None:
    content = b"id,name\r\n1,\xe7\x8e\x8b\r\n" * 1000
    request = upload_request(
        files={"file": ("a.csv", content)}, data={"options": '{"name": "people"}'}
    )
    with Scratch(tmp_path, SUITE) as scratch, ExitStack() as held:
        upload = await receive_upload(request, scratch, held)
        assert upload.options.name == "people"
        with upload.source() as file:  # type: ignore[operator]
            assert file.read() == content
        on_disk = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
        assert b"id,name" not in on_disk
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"data": {"options": '{"name": "a"}'}, "files": {"other": ("x", b"1")}}, "file"),
        ({"files": {"file": ("x", b"1")}}, "options"),
        ({"files": {"file": ("x", b"1")}, "data": {"options": '{"nme": "a"}'}}, "nme"),
        ({"files": {"file": ("x", b"1")}, "data": {"options": "x" * 70_000}}, "options"),
        ({"content": b"id\n1\n"}, "multipart"),
    ],
)
async def test_upload_bad_form_is_named(tmp_path: Path, sent: dict, named: str) -> None:
    with (
        Scratch(tmp_path, SUITE) as scratch,
        ExitStack() as held,
        pytest.raises(InvalidRequest, match=named),
    ):
        await receive_upload(upload_request(**sent), scratch, held)


@pytest.fixture
def table(tmp_path: Path):
    vault = Vault(tmp_path / "vault", SUITE, b"k" * 32)
    columns = [Column("id", "int64"), Column("名", "text")]
    rows = pa.RecordBatch.from_pydict(
        {"id": list(range(150_000)), "名": [f"n{i}" for i in range(150_000)]},
        schema=pa.schema([("id", pa.int64()), ("名", pa.string())]),
    )
    return vault.open_table(vault.write_table(columns, [rows]))


async def test_download_streams_the_table_in_pieces(table) -> None:
    response = table_response(table, "csv", "people")
    pieces = [bytes(piece) async for piece in response.body_iterator]
    text = b"".join(pieces).decode()
    assert len(pieces) > 1
    assert text.splitlines()[0] == "id,名"
    assert text.splitlines()[-1] == "149999,n149999"
    assert response.headers["content-disposition"] == 'attachment; filename="people.csv"'


async def test_download_abandoned_half_way_ends_its_thread(table) -> None:
    response = table_response(table, "csv", "people")
    iterator = response.body_iterator
    await iterator.__anext__()
    await iterator.aclose()  # type: ignore[attr-defined]
    import threading

    assert "export" not in {thread.name for thread in threading.enumerate()}


async def test_download_of_a_damaged_table_fails_loudly(table, tmp_path: Path) -> None:
    path = next((tmp_path / "vault" / "objects").glob("*.data"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(HanseError):
        async for _ in table_response(table, "csv", "people").body_iterator:
            pass


# -- grants ------------------------------------------------------------------------------------


def test_terms_that_differ_in_anything_are_not_confirmed() -> None:
    from msgspec.structs import replace

    from hanse.contracts.rights.types import GrantRecord, Terms
    from hanse.node.reactions.grants import require_wanted

    wanted = Terms(
        fields=["id", "spend"],
        purpose="credit-risk",
        operators=["align"],
        uses=1,
        not_after_ms=5,
        price_points=10,
    )
    record = GrantRecord(
        id="gr-1", dataset="ds-1", owner="a", consumer="b", terms=wanted, state="AGREED"
    )
    require_wanted(record, wanted)
    require_wanted(record, replace(wanted, fields=["spend", "id"]))
    for change in (
        {"fields": ["id"]},
        {"purpose": "other"},
        {"operators": ["align", "summary"]},
        {"uses": 2},
        {"not_after_ms": 6},
        {"price_points": 9},
        {"receivers": ["c"]},
    ):
        with pytest.raises(TermsDiffer, match=next(iter(change))):
            require_wanted(record, replace(wanted, **change))


def test_page_position_must_be_one_a_page_answered() -> None:
    from hanse.node.views.queries.paging import PageRequest

    assert PageRequest(after="12").position == 12
    for text in ("x", "-1", "1e3", "9" * 19, "¹"):
        with pytest.raises(InputError):
            _ = PageRequest(after=text).position
