"""Validators over HTTP, on a node whose contract has them; and the views behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from validator_network import NodeKeys, preset

from hanse.contracts.validators.queries import get_node
from hanse.contracts.validators.types import GenesisValidator, NodeRecord, ValidatorsGenesis
from hanse.ledger.bft.engine.keys import node_id, public_key
from hanse.ledger.genesis import decode_genesis, encode_genesis
from hanse.node.bootstrap import create_network, init_node
from hanse.node.http.app import build_app
from hanse.node.key_rotation import KeyRotation
from hanse.node.node import Node
from hanse.node.ordering_keys import CERTIFICATE_ENTRY, ENGINE_ENTRY, TRANSPORT_ENTRY, Keyring
from hanse.node.settings import load_settings
from hanse.node.wiring import build_node

PASSWORD = "correct-horse-9"
TRANSPORT_KEY = b"\x07" * 32


class Served:
    """A node spoken to by its administrator."""

    def __init__(self, node: Node, http: httpx.AsyncClient) -> None:
        self.node = node
        self._http = http

    @property
    def did(self) -> str:
        return self.node.require_network().identity.did

    def use(self, keys: NodeKeys) -> None:
        store, network = self.node.host.secrets.keystore, self.node.require_network()
        store.put(ENGINE_ENTRY, keys.engine)
        store.put(TRANSPORT_ENTRY, TRANSPORT_KEY)
        store.put(CERTIFICATE_ENTRY, keys.certificate)
        network.key_rotation = KeyRotation(
            Keyring(store), network.submitter, network.ledger, self.did
        )

    @property
    def rotation(self) -> KeyRotation:
        rotation = self.node.require_network().key_rotation
        assert rotation is not None
        return rotation

    async def get(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        answer = await self._http.get(f"/v1/validators{path}", params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer; of an error its code."""
        answer = await self._http.post(f"/v1/validators{path}", json=body)
        said: dict[str, dict[str, Any]] = answer.json()
        return said.get("error", said)


Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve an operator's node whose genesis has these validators."""

    @asynccontextmanager
    async def served(
        *others: GenesisValidator, own: int = 0, suite: str = "intl"
    ) -> AsyncIterator[Served]:
        home = tmp_path / "node"
        made = init_node(home, name="Bank", suite=suite, admin_password=PASSWORD)
        genesis_file = create_network(home, name="trial").genesis_file
        mine = msgspec.structs.replace(preset("own", max(own, 1), suite), did=made.did)
        presets = [*others, *([mine] if own else [])]
        genesis = decode_genesis(genesis_file.read_bytes())
        genesis.initial["validators"] = msgspec.to_builtins(ValidatorsGenesis(presets))
        genesis_file.write_bytes(encode_genesis(genesis))
        node = build_node(home, settings=load_settings(home))
        await node.start()
        transport = httpx.ASGITransport(app=build_app(node))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as http:
                login = {"username": "admin", "password": PASSWORD}
                token = (await http.post("/v1/session", json=login)).json()["token"]
                http.headers["authorization"] = f"Bearer {token}"
                yield Served(node, http)
        finally:
            await node.stop()

    return served


@pytest.mark.parametrize("suite", ["intl", "sm"])
async def test_register_with_the_nodes_keys_then_move_then_deregister(
    serve: Serve, suite: str
) -> None:
    async with serve(preset("merchant", 1, suite), suite=suite) as node:
        assert (await node.post("/nodes", {"address": "a:1"}))["code"] == "node.no_validator_keys"
        node.use(NodeKeys("own", suite))
        done = await node.post("/nodes", {"address": "bank.example:26656", "name": "bank-1"})
        assert done["height"] == 1
        (own,) = [n for n in await node.get("/nodes") if n["did"] == node.did]
        assert (own["address"], own["node_name"], own["name"]) == (
            "bank.example:26656",
            "bank-1",
            "Bank",
        )
        assert (own["power"], own["node_id"]) == (0, node_id(public_key(TRANSPORT_KEY)))
        assert own["certificate_public"] == NodeKeys("own", suite).certificate_public
        await node.post("/nodes", {"address": "moved.example:26656"})
        (own,) = [n for n in await node.get("/nodes") if n["did"] == node.did]
        assert (own["address"], own["registered_height"]) == ("moved.example:26656", 1)
        node.use(NodeKeys("own", suite, engine=1))
        refused = await node.post("/nodes", {"address": "moved.example:26656"})
        assert refused["code"] == "validators.node_registered_already"
        refused = await node.post("/votes", {"did": node.did, "power": 1})
        assert refused["code"] == "validators.not_a_validator"
        assert "transaction" in await node.post("/nodes/deregister")
        assert [n["name"] for n in await node.get("/nodes")] == [""]


@pytest.mark.parametrize("suite", ["intl", "sm"])
async def test_rotated_keys_of_an_observer_hold_at_once(serve: Serve, suite: str) -> None:
    async with serve(preset("merchant", 1, suite), suite=suite) as node:
        assert (await node.post("/keys", {}))["code"] == "node.no_validator_keys"
        node.use(NodeKeys("own", suite))
        assert (await node.post("/keys", {}))["code"] == "validators.node_not_registered"
        assert node.rotation.keyring.successor is None, "refused: nothing to take up again"
        await node.post("/nodes", {"address": "bank.example:26656"})
        before = node.rotation.keyring.current
        assert "transaction" in await node.post("/keys", {"key": "certificate"})
        after = Keyring(node.node.host.secrets.keystore).current
        assert after == node.rotation.keyring.current
        assert (after.engine, after.certificate != before.certificate) == (before.engine, True)
        await node.post("/keys", {})
        (own,) = [n for n in await node.get("/nodes") if n["did"] == node.did]
        assert own["engine_public"] != before.engine_public
        assert node.rotation.keyring.current.are_those_of(_record(node))
        assert (await node.post("/keys", {"key": "x"}))["code"] == "api.invalid_request"


async def test_rotated_keys_of_a_validator_hold_when_the_set_has_them(serve: Serve) -> None:
    async with serve(preset("merchant", 1), own=3) as node:
        node.use(NodeKeys("own"))
        before = node.rotation.keyring.current
        decided = (await node.post("/keys", {"key": "engine"}))["height"]
        keyring = node.rotation.keyring
        successor = keyring.successor
        assert successor is not None, "the next block is voted on with the old key"
        assert keyring.current == before
        refused = await node.post("/keys", {})
        assert refused["code"] == "node.key_change_under_way"
        # Whatever happens now, both are on disk.
        again = Keyring(node.node.host.secrets.keystore)
        assert (again.current, again.successor) == (before, successor)
        assert again.engine.keys() == {before.engine_public, successor.engine_public}
        await node.post("/nodes", {"address": "moved.example:1"})
        node.rotation.settle()
        assert Keyring(node.node.host.secrets.keystore).current == successor
        assert (keyring.current, keyring.successor) == (successor, None)
        in_force = await node.get("", height=decided + 2)
        assert successor.engine_public in {v["engine_public"] for v in in_force}


def _record(node: Served) -> NodeRecord:
    record = get_node(node.node.require_network().ledger.state, node.did)
    assert record is not None
    return record


async def test_register_at_a_malformed_address_is_refused(serve: Serve) -> None:
    async with serve(preset("merchant", 1)) as node:
        node.use(NodeKeys("own"))
        refused = await node.post("/nodes", {"address": "no port"})
        assert refused["code"] == "api.invalid_request"
        assert "address" in refused["message"]


async def test_vote_without_two_thirds_stands_open(serve: Serve) -> None:
    merchant = preset("merchant", 1)
    async with serve(merchant, preset("auditor", 1), own=3) as node:
        before = {v["did"]: v["power"] for v in await node.get("")}
        assert before == {merchant.did: 1, preset("auditor", 1).did: 1, node.did: 3}
        sent = await node.post("/votes", {"did": merchant.did, "power": 0})
        assert "transaction" in sent, "3 of 5 is no quorum: the vote stands open"
        (vote,) = await node.get("/votes")
        assert (vote["did"], vote["power"], vote["voter"], vote["voter_power"]) == (
            merchant.did,
            0,
            node.did,
            3,
        )
        assert vote["voter_name"] == "Bank"
        assert await node.get("/votes", did=node.did) == []
        assert await node.get("/reports") == []
        refused = await node.post("/nodes/deregister")
        assert refused["code"] == "validators.node_votes"
        assert (await node.post("/votes", {"did": node.did, "power": -1}))[
            "code"
        ] == "api.invalid_request"


async def test_vote_that_decides_changes_the_set_two_blocks_later(serve: Serve) -> None:
    merchant = preset("merchant", 1)
    async with serve(merchant, own=3) as node:
        decided = (await node.post("/votes", {"did": node.did, "power": 5}))["height"]
        now = {v["did"]: v["power"] for v in await node.get("", height=decided + 1)}
        later = await node.get("", height=decided + 2)
        assert now == {merchant.did: 1, node.did: 3}
        assert {v["did"]: v["power"] for v in later} == {merchant.did: 1, node.did: 5}
        assert {v["from_height"] for v in later} == {decided + 2}
        assert await node.get("/votes") == []
        first = await node.get("", height=decided + 2, limit=1)
        second = await node.get("", height=decided + 2, limit=1, after="0")
        assert [v["did"] for v in first + second] == sorted([merchant.did, node.did])


async def test_embedded_network_has_no_validators_and_says_so(serve: Serve) -> None:
    async with serve() as node:
        for path in ("", "/nodes", "/votes", "/reports"):
            assert await node.get(path) == []
        for path, body in (
            ("/nodes", {"address": "a:1"}),
            ("/votes", {"did": node.did, "power": 1}),
            ("/keys", {}),
            ("/nodes/deregister", None),
        ):
            assert (await node.post(path, body))["code"] == "validators.embedded"
