"""How transactions gather into bundles on their way to the engine, and what comes back."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec
import pytest

from hanse.core.errors import HanseError
from hanse.ledger.bft.bundles import MAX_MEMBERS, decode_bundle, is_bundle
from hanse.ledger.bft.engine.answers import Reply, RpcError
from hanse.ledger.bft.engine.errors import EngineUnreachable
from hanse.ledger.bft.engine.submission import Submissions
from hanse.ledger.errors import PoolFull

ROOM = 10_000


class PlayedEngine:
    """Takes items; refuses those that hold ``bad`` and answers when told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, list[bytes]]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.refusal: dict[str, Any] = {"code": 1, "codespace": "ledger.bad_signature"}
        self.error: HanseError | None = None

    async def calls(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Reply]:
        items = [base64.b64decode(params["tx"]) for _, params in calls]
        self.requests.append((calls[0][0], items))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return [self.reply(number, item) for number, item in enumerate(items)]

    def reply(self, number: int, item: bytes) -> Reply:
        if item == b"full":
            return Reply(number, error=RpcError(-32603, "Internal error", "mempool is full"))
        answer = self.refusal if b"bad" in item else {"code": 0, "codespace": ""}
        return Reply(number, msgspec.Raw(msgspec.json.encode(answer)))


@pytest.fixture
def engine() -> PlayedEngine:
    return PlayedEngine()


def make(engine: PlayedEngine) -> Submissions:
    return Submissions(engine, ROOM)  # type: ignore[arg-type]


async def gathered(
    engine: PlayedEngine, submissions: Submissions, raws: list[bytes]
) -> list[object]:
    """Submit one alone and, while it is under way, all these."""
    engine.open.clear()
    first = asyncio.create_task(submissions.submit(b"first"))
    await asyncio.sleep(0)
    rest = [asyncio.create_task(submissions.submit(raw)) for raw in raws]
    while not engine.requests:
        await asyncio.sleep(0)
    engine.open.set()
    await first
    return list(await asyncio.gather(*rest, return_exceptions=True))


async def test_one_goes_alone_and_what_comes_meanwhile_goes_as_a_bundle(
    engine: PlayedEngine,
) -> None:
    assert await gathered(engine, make(engine), [b"a", b"b", b"a"]) == [None] * 3
    (_, alone), (method, (bundle,)) = engine.requests
    assert alone == [b"first"]
    assert method == "broadcast_tx_sync"
    assert decode_bundle(bundle, ROOM) == [b"a", b"b"]


async def test_what_comes_within_the_rest_after_a_request_goes_together(
    engine: PlayedEngine,
) -> None:
    submissions = make(engine)
    await submissions.submit(b"first")
    late = [asyncio.create_task(submissions.submit(raw)) for raw in (b"a", b"b")]
    await asyncio.gather(*late, submissions.submit(b"c"))
    (_, alone), (_, (bundle,)) = engine.requests
    assert alone == [b"first"]
    assert decode_bundle(bundle, ROOM) == [b"a", b"b", b"c"]


async def test_bundles_keep_their_limits(engine: PlayedEngine) -> None:
    many = [b"%d" % n for n in range(MAX_MEMBERS + 1)]
    long = [b"%d" % n + bytes(4_000) for n in range(3)]
    await gathered(engine, make(engine), many + long)
    items = [item for _, (item,) in engine.requests[1:]]
    assert [len(decode_bundle(i, ROOM)) if is_bundle(i) else 1 for i in items] == [
        MAX_MEMBERS,
        3,
        1,
    ]
    assert max(map(len, items)) <= ROOM


async def test_refused_bundle_is_handed_in_one_by_one(engine: PlayedEngine) -> None:
    raws = [b"good", b"bad", b"full"]
    found = await gathered(engine, make(engine), raws)
    assert found[:2] == [None, None]
    assert isinstance(found[2], PoolFull)
    assert engine.requests[-1] == ("broadcast_tx_async", raws)


async def test_full_mempool_of_the_application_reaches_everybody(engine: PlayedEngine) -> None:
    engine.refusal = {"code": 1, "codespace": PoolFull.code}
    found = await gathered(engine, make(engine), [b"bad", b"other"])
    assert [type(each) for each in found] == [PoolFull, PoolFull]
    assert len(engine.requests) == 2


async def test_engine_that_is_away_is_named_to_everybody(engine: PlayedEngine) -> None:
    submissions = make(engine)
    engine.error = EngineUnreachable()
    with pytest.raises(EngineUnreachable):
        await submissions.submit(b"a")
    engine.error = None
    await submissions.submit(b"b")
    engine.open.clear()
    waiting = asyncio.create_task(submissions.submit(b"c"))
    await asyncio.sleep(0.01)
    await submissions.aclose()
    with pytest.raises(EngineUnreachable):
        await waiting
