"""Node to node: proof of identity, tokens, blocks, sealed messages, over a real ASGI app."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hanse.crypto.suite import get_suite
from hanse.identity.did import Directory
from hanse.identity.errors import ChallengeFailed, MessageNotForUs, MessageReplayed
from hanse.identity.holder import Identity
from hanse.identity.messages import ReceivedMessage, pack
from hanse.identity.replay import MemoryReplayGuard
from hanse.node.errors import (
    AnswerNotUnderstood,
    NoEndpoint,
    NotPeer,
    PeerUnreachable,
    UnknownMessageType,
)
from hanse.node.observability.metrics import Metrics
from hanse.node.services import node_service
from hanse.node.transport.dispatcher import Dispatcher
from hanse.node.transport.http import NodeHttp
from hanse.node.transport.inbox import Inbox
from hanse.node.transport.peers import PeerClient
from hanse.node.transport.session import PeerSession
from hanse.node.transport.source import HttpBlockSource
from hanse.node.transport.tokens import TOKEN_LIFE_MS, PeerTokens

SUITE = get_suite("intl")
URL = "http://other"


@pytest.fixture(scope="module")
def people() -> tuple[Identity, Identity, Identity]:
    return Identity.create(SUITE), Identity.create(SUITE), Identity.create(SUITE)


class Peer:
    """The other node: its tokens and inbox behind the routes of the API."""

    def __init__(self, identity: Identity, directory: Directory, clock) -> None:
        self.identity = identity
        self.active: set[str] = set()
        self.tokens = PeerTokens(SUITE, identity.did, directory, self.active.__contains__, clock)
        self.dispatcher = Dispatcher()
        self.inbox = Inbox(
            identity, lambda: directory, MemoryReplayGuard(), self.dispatcher, Metrics()
        )
        self.calls: list[str] = []
        self.down = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from hanse.core.errors import HanseError

        request = httpx.Request(scope["method"], "http://x" + scope["path"])
        body = (await receive()).get("body", b"")
        self.calls.append(request.url.path)
        status, answer = 200, b""
        try:
            answer = await self._answer(scope, request.url.path, body)
        except HanseError as error:
            status = error.status
            answer = httpx.Response(200, json={"error": {**error.as_dict()}}).content
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Any, path: str, body: bytes) -> bytes:
        import json

        if self.down:
            self.down -= 1
            return b"<html>bad gateway</html>"
        if path == "/v1/challenges":
            challenge = self.tokens.challenge(json.loads(body)["did"])
            return json.dumps({"challenge": challenge}).encode()
        if path == "/v1/challenges/answer":
            token, did, expires = self.tokens.answer(json.loads(body)["answer"])
            return json.dumps({"token": token, "did": did, "expires_ms": expires}).encode()
        token = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
        self.tokens.check(token)
        if path == "/v1/messages":
            _, id_ = await self.inbox.receive(body)
            return json.dumps({"id": id_}).encode()
        if path == "/v1/ledger/raw-blocks":
            return json.dumps({"blocks": ["AAEC", ""], "height": 9}).encode()
        return json.dumps({"transaction": "ff"}).encode()


@pytest.fixture
def setup(people, clock):
    """Caller, its HTTP, the peer and the directory both see."""
    caller, other, _ = people
    clock.now_ms = __import__("time").time_ns() // 1_000_000
    directory = Directory([caller.document(), other.document([node_service(URL)])])
    peer = Peer(other, directory, clock)
    peer.active.add(caller.did)
    http = NodeHttp(transport=httpx.ASGITransport(app=peer))
    return caller, http, peer, directory


async def test_session_proves_itself_once_and_renews_a_forgotten_token(setup, clock) -> None:
    caller, http, peer, _ = setup
    source = HttpBlockSource(PeerSession(http, caller, URL, peer.identity.did, clock), 1_000)
    assert await source.fetch(1, 10, 5_000) == [b"\x00\x01\x02", b""]
    assert await source.forward(b"raw") == "ff"
    assert source.source_height == 9
    assert peer.calls.count("/v1/challenges") == 1
    peer.tokens._tokens.clear()  # the peer restarted
    await source.forward(b"raw")
    assert peer.calls.count("/v1/challenges") == 2
    clock.advance(TOKEN_LIFE_MS)
    await source.forward(b"raw")
    assert peer.calls.count("/v1/challenges") == 3


async def test_member_that_is_suspended_is_out_at_once(setup, clock) -> None:
    caller, http, peer, _ = setup
    session = PeerSession(http, caller, URL, peer.identity.did, clock)
    await HttpBlockSource(session, 0).fetch(1, 1, 0)
    peer.active.clear()
    with pytest.raises(NotPeer):
        await HttpBlockSource(session, 0).fetch(1, 1, 0)


async def test_challenge_of_another_audience_is_not_answered(setup, clock, people) -> None:
    caller, http, peer, _ = setup
    session = PeerSession(http, caller, URL, people[2].did, clock)
    with pytest.raises(ChallengeFailed):
        await HttpBlockSource(session, 0).fetch(1, 1, 0)
    assert "/v1/challenges/answer" not in peer.calls


async def test_stranger_gets_no_token(setup, clock, people) -> None:
    _, http, peer, _ = setup
    session = PeerSession(http, people[2], URL, peer.identity.did, clock)
    with pytest.raises(ChallengeFailed):
        await HttpBlockSource(session, 0).fetch(1, 1, 0)


def test_token_expires_and_an_answer_works_once(setup, clock) -> None:
    from hanse.identity.challenge import Challenge, answer

    caller, _, peer, _ = setup
    challenge = Challenge(**peer.tokens.challenge(caller.did))
    signed = answer(caller, challenge, audience=peer.identity.did)
    token, did, _ = peer.tokens.answer(dict(signed))
    assert peer.tokens.check(token) == did == caller.did
    with pytest.raises(ChallengeFailed):
        peer.tokens.answer(dict(signed))
    clock.advance(TOKEN_LIFE_MS)
    with pytest.raises(NotPeer):
        peer.tokens.check(token)


async def test_message_arrives_with_sender_and_body(setup) -> None:
    caller, http, peer, directory = setup
    got: list[ReceivedMessage] = []

    async def take(message: ReceivedMessage) -> None:
        got.append(message)

    peer.dispatcher.register("hanse/test/1", take)
    client = PeerClient(http, caller, lambda: directory, Metrics())
    await client.send(peer.identity.did, "hanse/test/1", {"flow": "fl-1", "n": 1})
    assert [(m.sender, m.body["n"]) for m in got] == [(caller.did, 1)]


async def test_message_is_tried_again_until_the_peer_is_back(setup, monkeypatch) -> None:
    monkeypatch.setattr("hanse.node.transport.peers.FIRST_PAUSE_S", 0.01)
    caller, http, peer, directory = setup
    got: list[str] = []

    async def take(message: ReceivedMessage) -> None:
        got.append(message.id)

    peer.dispatcher.register("hanse/test/1", take)
    peer.down = 2
    client = PeerClient(http, caller, lambda: directory, Metrics())
    await client.send(peer.identity.did, "hanse/test/1", {})
    assert len(got) == 1
    peer.down = 1_000
    with pytest.raises(PeerUnreachable):
        await client.send(peer.identity.did, "hanse/test/1", {}, patience_ms=50)


async def test_message_refused_by_name_is_not_repeated(setup) -> None:
    caller, http, peer, directory = setup
    client = PeerClient(http, caller, lambda: directory, Metrics())
    with pytest.raises(UnknownMessageType):
        await client.send(peer.identity.did, "hanse/unknown/1", {})
    assert peer.calls.count("/v1/messages") == 1


async def test_member_without_endpoint_is_named(setup, people) -> None:
    caller, http, _, directory = setup
    directory.put(people[2].document())
    client = PeerClient(http, caller, lambda: directory, Metrics())
    with pytest.raises(NoEndpoint):
        await client.send(people[2].did, "hanse/test/1", {})


async def test_replayed_altered_and_misdirected_messages_are_refused(setup, people) -> None:
    caller, _, peer, _ = setup

    async def take(_: ReceivedMessage) -> None:
        await asyncio.sleep(0)

    peer.dispatcher.register("hanse/test/1", take)
    raw = pack(caller, peer.identity.document(), "hanse/test/1", {})
    await peer.inbox.receive(raw)
    with pytest.raises(MessageReplayed):
        await peer.inbox.receive(raw)
    other = pack(caller, people[2].document(), "hanse/test/1", {})
    with pytest.raises(MessageNotForUs):
        await peer.inbox.receive(other)
    from hanse.core.errors import HanseError

    fresh = bytearray(pack(caller, peer.identity.document(), "hanse/test/1", {}))
    fresh[len(fresh) // 2] ^= 1
    with pytest.raises(HanseError):
        await peer.inbox.receive(bytes(fresh))


async def test_something_that_is_no_node_is_named(people, clock) -> None:
    caller, other, _ = people

    def html(_: httpx.Request) -> httpx.Response:
        return httpx.Response(502, text="<html>")

    http = NodeHttp(transport=httpx.MockTransport(html))
    session = PeerSession(http, caller, URL, other.did, clock)
    with pytest.raises(AnswerNotUnderstood):
        await HttpBlockSource(session, 0).fetch(1, 1, 0)

    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    http = NodeHttp(transport=httpx.MockTransport(gone))
    session = PeerSession(http, caller, URL, other.did, clock)
    with pytest.raises(PeerUnreachable):
        await HttpBlockSource(session, 0).fetch(1, 1, 0)


def test_a_message_type_has_one_handler() -> None:
    dispatcher = Dispatcher()

    async def handle(_: ReceivedMessage) -> None: ...

    dispatcher.register("a", handle)
    with pytest.raises(ValueError, match="a is handled"):
        dispatcher.register("a", handle)
