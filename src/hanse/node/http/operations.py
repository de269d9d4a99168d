"""Routes made from the shared table of operations, each behind the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, Request

from hanse.api.operations import OPERATIONS
from hanse.node.http.guard import Gate

F = TypeVar("F", bound=Callable[..., Any])


class _Guard:
    """Dependency that sends one operation through the gate of the application."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    async def __call__(self, request: Request) -> None:
        gate: Gate = request.app.state.gate
        await gate.admit(self._operation, request)


def operation(router: APIRouter, id_: str) -> Callable[[F], F]:
    """Decorator: the function handles the declared operation.

    Path, method, status and answer come from `hanse.api.operations`, so the SDK and the node
    cannot drift apart.
    """
    declared = OPERATIONS[id_]
    options: dict[str, Any] = {}
    if declared.answers == "json" and declared.response is not None:
        options["response_model"] = declared.response
    else:
        options["response_model"] = None

    def register(function: F) -> F:
        router.add_api_route(
            declared.path,
            function,
            methods=[declared.method],
            operation_id=declared.id,
            name=declared.id,
            summary=declared.summary,
            status_code=declared.status,
            tags=[declared.area],
            dependencies=[Depends(_Guard(declared.id))],
            **options,
        )
        return function

    return register
