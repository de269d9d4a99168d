"""Running a node: one process, stopped gracefully by SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import uvicorn
import uvloop

from hanse.core.errors import UnavailableError
from hanse.ledger.collector import relax_collector
from hanse.node.home import NodeHome
from hanse.node.http.app import build_app
from hanse.node.http.quiet import QuietServer
from hanse.node.lock import HomeLock
from hanse.node.node import Node
from hanse.node.observability.gauges import watch_node
from hanse.node.observability.logs import configure_logs, logger
from hanse.node.settings import Settings, load_settings
from hanse.node.wiring import build_node

_log = logger("node")
GRACE_S = 15
BACKLOG = 512
WORKER_THREADS = 64
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class AddressInUse(UnavailableError):
    """The address of the API cannot be listened on."""

    code = "node.address_in_use"
    help = "Stop the program that uses the port, or set http.port in hanse.toml."


def serve(home: Path) -> None:
    """Run the node of a home until it is stopped.

    Raises:
        HanseError: naming why the node cannot start; nothing stays open.
    """
    uvloop.run(run_node(NodeHome(home.absolute())))


async def run_node(place: NodeHome) -> None:
    """The same within a running event loop."""
    place.require()
    settings = load_settings(place.root)
    configure_logs(settings.log)
    # Imports and downloads hold a thread for long; hashing, sealing and audit must not wait.
    workers = ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="node")
    asyncio.get_running_loop().set_default_executor(workers)
    with HomeLock(place.lock_file), _listening(settings) as listener:
        node = build_node(place.root, settings=settings)
        watch_node(node)
        with _stopping_on_signals(node):
            try:
                await node.start()
                relax_collector()
                await _serve(node, listener)
            finally:
                await node.stop()


@contextmanager
def _stopping_on_signals(node: Node) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, node.stopping.set)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


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
    server = QuietServer(config)

    async def stop() -> None:
        await node.stopping.wait()
        server.should_exit = True

    stopper = asyncio.create_task(stop())
    try:
        _log.info("http.listening", url=node.host.settings.url)
        await server.serve([listener])
    finally:
        stopper.cancel()


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
