"""The ABCI server, spoken to over its socket."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from abci_engine import EngineSide, NoApplication

from hanse.core.errors import ConflictError
from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.abci.errors import SocketOccupied
from hanse.ledger.bft.abci.server import AbciServer
from hanse.ledger.bft.abci.wire import encode_request, uvarint

FLUSH = pb.Request(flush=pb.RequestFlush())
COMMIT = pb.Request(commit=pb.RequestCommit())


def check(number: int) -> pb.Request:
    return pb.Request(check_tx=pb.RequestCheckTx(tx=b"%d" % number))


def query(path: str) -> pb.Request:
    return pb.Request(query=pb.RequestQuery(path=path))


class Recording(NoApplication):
    """Answers transactions with themselves; can be held up and broken."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.queries: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.at_work = asyncio.Event()
        self.committed = 0

    async def check_tx(self, requests: Sequence[pb.RequestCheckTx]) -> Sequence[pb.ResponseCheckTx]:
        self.at_work.set()
        await self.may_go_on.wait()
        self.batches.append(len(requests))
        if any(each.tx == b"9999" for each in requests):
            return []
        return [pb.ResponseCheckTx(data=each.tx) for each in requests]

    async def query(self, request: pb.RequestQuery) -> pb.ResponseQuery:
        self.queries.append(request.path)
        if request.path == "named":
            raise ConflictError("not now")
        if request.path == "bug":
            raise ZeroDivisionError("oops")
        return pb.ResponseQuery(value=request.path.encode())

    async def commit(self, request: pb.RequestCommit) -> pb.ResponseCommit:
        self.at_work.set()
        await self.may_go_on.wait()
        self.committed += 1
        return pb.ResponseCommit(retain_height=self.committed)


@asynccontextmanager
async def serving(
    path: Path, max_frame_bytes: int = 1 << 20
) -> AsyncIterator[tuple[Recording, EngineSide]]:
    application = Recording()
    server = AbciServer(path, application, max_frame_bytes=max_frame_bytes, max_batch=512)
    async with server:
        engine = await EngineSide.connect(path)
        try:
            yield application, engine
        finally:
            engine.close()
            application.may_go_on.set()
    assert not path.exists()


async def test_echo_and_info_are_answered(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (_, engine):
        answer = await engine.ask(pb.Request(echo=pb.RequestEcho(message="你好")))
        assert answer.echo.message == "你好"
        answer = await engine.ask(pb.Request(info=pb.RequestInfo()))
        assert answer.WhichOneof("value") == "info"


async def test_every_request_reaches_its_handler(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (_, engine):
        for field in pb.Request.DESCRIPTOR.fields:
            request = pb.Request()
            getattr(request, field.name).SetInParent()
            answer = await engine.ask(request)
            assert answer.WhichOneof("value") == field.name


async def test_path_longer_than_the_kernel_takes_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    async with serving(deep / "abci.sock") as (_, engine):
        assert (await engine.ask(FLUSH)).WhichOneof("value") == "flush"
        assert (deep / "abci.sock").stat().st_mode & 0o777 == 0o600


async def test_answers_keep_the_order_of_mixed_requests(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (_, engine):
        await engine.send(check(1), check(2), query("a"), check(3), FLUSH, query("b"), COMMIT)
        kinds = [(await engine.receive()).WhichOneof("value") for _ in range(7)]
        assert kinds == ["check_tx", "check_tx", "query", "check_tx", "flush", "query", "commit"]


async def test_pipelined_checks_come_in_bounded_batches(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (application, engine):
        application.may_go_on.clear()
        await engine.send(check(0))
        await application.at_work.wait()
        await engine.send(*map(check, range(1, 1301)), FLUSH)
        application.may_go_on.set()
        for number in range(1301):
            assert (await engine.receive()).check_tx.data == b"%d" % number
        assert (await engine.receive()).WhichOneof("value") == "flush"
        assert application.batches == [1, 512, 512, 276]


async def test_flush_waits_for_everything_before_it(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (application, engine):
        application.may_go_on.clear()
        await engine.send(COMMIT, FLUSH)
        await application.at_work.wait()
        answer = asyncio.create_task(engine.receive())
        await asyncio.sleep(0.05)
        assert not answer.done()
        application.may_go_on.set()
        assert (await answer).commit.retain_height == 1
        assert (await engine.receive()).WhichOneof("value") == "flush"


async def test_a_connection_held_up_does_not_hold_up_another(tmp_path: Path) -> None:
    path = tmp_path / "abci.sock"
    async with serving(path) as (application, engine):
        application.may_go_on.clear()
        await engine.send(COMMIT)
        await application.at_work.wait()
        second = await EngineSide.connect(path)
        assert (await second.ask(query("a"))).query.value == b"a"
        second.close()
        application.may_go_on.set()


async def test_half_frames_are_waited_for(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (application, engine):
        for byte in encode_request(query("half")):
            assert application.queries == []
            await engine.send_bytes(bytes([byte]))
            await asyncio.sleep(0.001)
        assert (await engine.receive()).query.value == b"half"


async def test_a_frame_cut_off_by_the_end_is_not_executed(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (application, engine):
        await engine.send_bytes(encode_request(query("cut"))[:-1])
        engine.close()
        other = await EngineSide.connect(tmp_path / "abci.sock")
        assert (await other.ask(query("next"))).query.value == b"next"
        other.close()
        assert application.queries == ["next"]


@pytest.mark.parametrize(
    ("garbage", "code"),
    [
        (uvarint(2_000_000), "ledger.engine_message_too_large"),
        (b"\xff" * 20, "ledger.bad_engine_message"),
        (b"\x03abc", "ledger.bad_engine_message"),
        (b"\x00", "ledger.bad_engine_message"),
    ],
)
async def test_garbage_ends_its_connection_and_no_other(
    tmp_path: Path, garbage: bytes, code: str
) -> None:
    path = tmp_path / "abci.sock"
    async with serving(path) as (_, engine):
        await engine.send_bytes(encode_request(query("before")) + garbage)
        assert (await engine.receive()).query.value == b"before"
        assert (await engine.receive()).exception.error.startswith(code)
        assert await engine.rest() == b""
        other = await EngineSide.connect(path)
        assert (await other.ask(query("other"))).query.value == b"other"
        other.close()


@pytest.mark.parametrize(
    ("path", "said"), [("named", "state.conflict: not now"), ("bug", "internal.error: oops")]
)
async def test_failing_handler_is_reported_and_nothing_runs_after_it(
    tmp_path: Path, path: str, said: str
) -> None:
    async with serving(tmp_path / "abci.sock") as (application, engine):
        await engine.send(query(path), query("after"), FLUSH)
        assert (await engine.receive()).exception.error == said
        assert await engine.rest() == b""
        assert application.queries == [path]


async def test_missing_answers_are_reported(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock") as (_, engine):
        await engine.send(check(9999))
        error = (await engine.receive()).exception.error
        assert error.startswith("ledger.wrong_engine_answer")


async def test_commit_at_work_ends_although_the_engine_dies_and_the_server_closes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "abci.sock"
    application = Recording()
    server = AbciServer(path, application)
    await server.start()
    engine = await EngineSide.connect(path)
    application.may_go_on.clear()
    await engine.send(COMMIT, COMMIT)
    await application.at_work.wait()
    assert server.connections == 1
    engine.close()
    closing = asyncio.create_task(server.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    application.may_go_on.set()
    await closing
    assert application.committed == 1
    assert server.connections == 0
    await server.close()


async def test_flood_is_not_read_ahead_without_bound(tmp_path: Path) -> None:
    async with serving(tmp_path / "abci.sock", max_frame_bytes=1 << 24) as (application, engine):
        application.may_go_on.clear()
        big = pb.Request(check_tx=pb.RequestCheckTx(tx=bytes(1 << 20)))
        flood = asyncio.create_task(engine.send(*[big] * 24, FLUSH))
        await asyncio.sleep(0.2)
        assert not flood.done()
        application.may_go_on.set()
        for _ in range(24):
            assert len((await engine.receive()).check_tx.data) == 1 << 20
        assert (await engine.receive()).WhichOneof("value") == "flush"
        await flood


async def test_socket_left_behind_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "abci.sock"
    first = AbciServer(path, NoApplication())
    await first.start()
    async with AbciServer(path, NoApplication()):
        pass
    await first.close()
    path.write_text("precious")
    with pytest.raises(SocketOccupied):
        await AbciServer(path, NoApplication()).start()
    assert path.read_text() == "precious"
