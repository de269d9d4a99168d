"""A small real HTTP service on loopback that answers as a node does, and as a node never would."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

USERS = [
    {"name": f"user{number:03}", "roles": ["analyst"], "created_ms": number}
    for number in range(450)
]
TOKEN = "token-of-alice"


def fault(status: int, code: str, message: str = "no", **more: Any) -> JSONResponse:
    body = {"code": code, "message": message, "help": "do this", "retryable": False, **more}
    return JSONResponse({"error": body}, status_code=status)


class Service:
    """The application and what it was sent."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.sessions = 0
        self.health_asked = 0
        self.uploaded: dict[str, Any] = {}
        self.seen_tokens: list[str] = []
        self.ended = False
        self.url = ""
        self._add_routes()

    def _add_routes(self) -> None:
        app = self.app

        @app.post("/v1/session", status_code=201)
        async def login(request: Request) -> Any:
            body = await request.json()
            if body != {"username": "alice", "password": "correct horse"}:
                return fault(401, "auth.wrong_password", "wrong user or password")
            self.sessions += 1
            self.ended = False
            return {"user": "alice", "roles": ["admin"], "expires_ms": 9, "token": TOKEN}

        @app.delete("/v1/session", status_code=204)
        async def logout() -> Response:
            self.sessions -= 1
            return Response(status_code=204)

        @app.get("/v1/session")
        async def who(request: Request) -> Any:
            token = request.headers.get("authorization", "")
            self.seen_tokens.append(token)
            if self.ended or token != f"Bearer {TOKEN}":
                return fault(401, "auth.unauthenticated", request_id="rq-7")
            return {"user": "alice", "roles": ["admin"], "expires_ms": 9}

        @app.get("/v1/users")
        async def users(limit: int = 50, after: str = "") -> Any:
            start = int(after or 0)
            chosen = USERS[start : start + limit]
            end = start + limit
            return {"items": chosen, "next": str(end) if end < len(USERS) else ""}

        @app.get("/v1/users/{name:path}")
        async def user(name: str, request: Request) -> Any:
            if name == "slow":
                while not await request.is_disconnected():
                    await asyncio.sleep(0.02)
            if name == "conflict":
                return fault(409, "newer.unheard_of", "a newer node says no")
            if name == "proxy":
                return Response("<html>bad gateway</html>", 502, media_type="text/html")
            if name == "odd":
                return {"surprise": True}
            return {"name": name, "roles": ["analyst"], "created_ms": 1}

        @app.get("/health")
        async def health() -> Any:
            self.health_asked += 1
            ok = self.health_asked >= 3
            checks = [{"name": "ledger", "ok": ok, "detail": f"asked {self.health_asked}"}]
            return JSONResponse({"ok": ok, "checks": checks}, 200 if ok else 503)

        @app.post("/v1/data/tables/upload", status_code=201)
        async def upload(request: Request) -> Any:
            async with request.form() as form:
                content = await form["file"].read()
                self.uploaded = {"options": form["options"], "content": content}
            return {"id": "tb-1", "name": "t", "state": "IMPORTING", "rows": 0, "created_ms": 1}

        @app.get("/v1/data/tables/{table}")
        async def table(table: str) -> Any:
            view = {"id": table, "name": "t", "rows": 3, "created_ms": 1, "state": "READY"}
            if table == "tb-bad":
                view |= {"state": "FAILED", "error_code": "data.unheard_of", "error_message": "x"}
            return view

        @app.post("/v1/data/tables/{table}/export")
        async def export(table: str) -> Any:
            if table == "tb-none":
                return fault(404, "input.not_found")

            async def pieces() -> AsyncIterator[bytes]:
                yield b"id,y\n"
                if table == "tb-broken":
                    raise ConnectionError("disk gone")
                yield b"1,0\n"

            headers = {"content-length": "9"}
            return StreamingResponse(pieces(), headers=headers, media_type="text/csv")

        @app.get("/v1/flows/{flow}")
        async def flow(flow: str) -> Any:
            state = "TERMINATED" if flow == "fl-bad" else "COMPLETED"
            return {
                "id": flow,
                "name": "n",
                "purpose": "p",
                "state": state,
                "initiator": "did:hanse:a",
                "parties": {},
                "steps": [],
                "code": "rights.grant_revoked" if flow == "fl-bad" else "",
            }


@pytest.fixture(scope="session")
def running() -> Iterator[Service]:
    service = Service()
    config = uvicorn.Config(
        service.app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    service.url = f"http://127.0.0.1:{port}"
    yield service
    server.should_exit = True
    thread.join(60)


@pytest.fixture
def service(running: Service) -> Service:
    running.sessions = running.health_asked = 0
    running.ended = False
    running.uploaded.clear()
    running.seen_tokens.clear()
    return running
