"""Running a node: one process, stopped gracefully by SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from hanse.core.errors import UnavailableError
from hanse.node.home import NodeHome
from hanse.node.http.app import build_app
from hanse.node.lock import HomeLock
from hanse.node.node import Node
from hanse.node.observability.gauges import watch_node
from hanse.node.observability.logs import configure_logs, logger
from hanse.node.settings import Settings, load_settings
from hanse.node.wiring import build_node

_log = logger("node")
GRACE_S = 15
BACKLOG = 512


class AddressInUse(UnavailableError):
    """The address of the API cannot be listened on."""

    code = "node.address_in_use"
    help = "Stop the program that uses the port, or set http.port in hanse.toml."


def serve(home: Path) -> None:
    """Run the node of a home until it is stopped.

    Raises:
        HanseError: naming why the node cannot start; nothing stays open.
    """
    asyncio.run(run_node(NodeHome(home.absolute())))


async def run_node(place: NodeHome) -> None:
    """The same within a running event loop."""
    place.require()
    settings = load_settings(place.root)
    configure_logs(settings.log)
    with HomeLock(place.lock_file), _listening(settings) as listener:
        node = build_node(place.root, settings=settings)
        watch_node(node)
        try:
            await node.start()
            await _serve(node, listener)
        finally:
            await node.stop()


class _Server(uvicorn.Server):
    """Leaves signals to the event loop.

    The original raises a caught signal again once it has stopped serving, which would end this
    process before it has anchored its log and closed its files.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


async def _serve(node: Node, listener: socket.socket) -> None:
    http = node.host.settings.http
    config = uvicorn.Config(
        build_app(node),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        proxy_headers=bool(http.trusted_proxies),
        forwarded_allow_ips=http.trusted_proxies,
        ssl_certfile=http.tls_certificate or None,
        ssl_keyfile=http.tls_private_key or None,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        node.stopping.set()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        _log.info("http.listening", url=node.host.settings.url)
        await server._serve([listener])
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the address before anything is opened, so that a wrong one costs nothing."""
    host, port = settings.http.host, settings.http.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise AddressInUse(f"{host}:{port}: {error.strerror}") from error
        listener.listen(BACKLOG)
        listener.setblocking(False)
        yield listener
