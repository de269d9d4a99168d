"""Two whole nodes that order blocks together with engines of their own, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from bft_network import require_engine

from hanse.core.ports import free_ports
from hanse.node.bootstrap import create_network, init_node, join_network, prepare_validator
from hanse.node.http.app import build_app
from hanse.node.node import Node
from hanse.node.observability.gauges import watch_node
from hanse.node.settings import load_settings
from hanse.node.validator import write_validator
from hanse.node.wiring import build_node

PASSWORD = "correct-horse-9"
PATIENCE_S = 120


@dataclass
class Seat:
    """A node spoken to by its administrator."""

    node: Node
    http: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=query)
        found: dict[str, Any] = answer.json()
        return found | {"status": answer.status_code}

    @property
    def engine_pid(self) -> int:
        return int((self.node.host.home.engine / "engine.pid").read_text())

    async def eventually(self, path: str, wanted: Any, **query: Any) -> dict[str, Any]:
        """The first answer that is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(found := await self.get(path, **query)):
                await asyncio.sleep(0.1)
        return found


def _homes(root: Path) -> list[Path]:
    homes, files = [root / "operator", root / "bank"], []
    for home in homes:
        init_node(home, name=home.name, suite="sm", admin_password=PASSWORD)
        engine, metrics = free_ports(2)
        described = prepare_validator(home, host="127.0.0.1", port=engine, metrics_port=metrics)
        files.append(root / f"{home.name}.json")
        write_validator(files[-1], described)
    made = create_network(homes[0], name="trial", validators=files)
    join_network(
        homes[1],
        genesis_file=made.genesis_file,
        operator_url="http://127.0.0.1:1",
        roles=["data_provider"],
    )
    return homes


@asynccontextmanager
async def validator_seats(root: Path) -> AsyncIterator[list[Seat]]:
    """The operator and a bank that is no member yet, both validators; or a skip."""
    require_engine()
    async with AsyncExitStack() as stack:
        found = []
        for home in _homes(root):
            node = build_node(home, settings=load_settings(home))
            watch_node(node)
            await node.start()
            stack.push_async_callback(node.stop)
            http = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=build_app(node)), base_url="http://node"
                )
            )
            login = {"username": "admin", "password": PASSWORD}
            token = (await http.post("/v1/session", json=login)).json()["token"]
            http.headers["authorization"] = f"Bearer {token}"
            found.append(Seat(node, http))
        yield found
