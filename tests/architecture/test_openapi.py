"""The node serves exactly the declared operations: nothing missing, nothing undeclared."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from hanse.api.operations import OPERATIONS
from hanse.node.bootstrap import init_node
from hanse.node.http.app import build_app
from hanse.node.wiring import build_node

PAGING = {"limit", "after"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home: Path = tmp_path_factory.mktemp("openapi") / "home"
    init_node(home, name="test", suite="intl")
    transport = httpx.ASGITransport(build_app(build_node(home)))

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return (await client.get("/openapi.json")).json()

    return asyncio.run(fetch())


@pytest.fixture(scope="module")
def served(document) -> dict[str, dict[str, Any]]:
    return {
        route["operationId"]: {**route, "method": method.upper(), "path": path}
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    }


def test_routes_and_operations_are_one_to_one(served) -> None:
    assert set(served) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_route_is_as_declared(operation, served) -> None:
    route = served[operation.id]
    assert (route["method"], route["path"]) == (operation.method, operation.path)
    assert str(operation.status) in route["responses"]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_route_takes_the_declared_query(operation, served) -> None:
    parameters = served[operation.id].get("parameters", [])
    names = {item["name"] for item in parameters if item["in"] == "query"}
    assert names == set(operation.query) | (PAGING if operation.paged else set())


@pytest.mark.parametrize(
    "operation",
    [op for op in OPERATIONS.values() if op.request is not None and op.sends == "json"],
    ids=lambda operation: operation.id,
)
def test_route_takes_the_declared_body(operation, served) -> None:
    content = served[operation.id]["requestBody"]["content"]["application/json"]
    assert operation.request.__name__ in str(content["schema"])


@pytest.mark.parametrize(
    "operation",
    [op for op in OPERATIONS.values() if op.answers == "json" and op.response is not None],
    ids=lambda operation: operation.id,
)
def test_route_gives_the_declared_answer(operation, served) -> None:
    answer = served[operation.id]["responses"][str(operation.status)]
    schema = answer["content"]["application/json"]["schema"]
    name = getattr(operation.response, "__name__", "").replace("[", "_").replace("]", "_")
    assert name in str(schema) or (name == "dict" and schema["type"] == "object")
