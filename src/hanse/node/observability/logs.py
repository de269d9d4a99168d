"""Structured logs: one JSON object per line, with request id and task; never a secret.

Whatever is bound (`bind_request`, `bind_task`) stands in every line written below it,
across awaits and threads started with the context.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from hanse.node.settings import LogSettings

_SECRET_KEY = re.compile(
    r"pass(word|phrase)|secret|token|authorization|cookie|private|keystore|master_key|salt|opening",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"hn[sp]_[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL)
_NOT_SECRET = frozenset({"token_id", "secrets_directory"})
REDACTED = "[redacted]"


def configure_logs(settings: LogSettings) -> None:
    """Route structlog and the standard library's loggers to one place in one format."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        remove_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *chain,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler: logging.Handler
    if settings.file:
        handler = logging.FileHandler(settings.file, encoding="utf-8")
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(settings.level.upper())
    # Request lines carry URLs; ours carry operation ids.
    for name in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def remove_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank values whose key names a secret, and tokens or private keys inside any text."""
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key) and key not in _NOT_SECRET:
        return REDACTED
    if isinstance(value, str):
        return _SECRET_VALUE.sub(REDACTED, value)
    if isinstance(value, dict):
        return {name: _clean(str(name), item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean("", item) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"[{len(value)} bytes]"
    return value


@contextmanager
def bind_request(request_id: str) -> Iterator[None]:
    """Every line below names the request."""
    with bound_contextvars(request_id=request_id):
        yield


@contextmanager
def bind_task(flow: str, step: str = "", attempt: int = 0) -> Iterator[None]:
    """Every line below names the task; the same names stand in every node's log."""
    with bound_contextvars(flow=flow, step=step, attempt=attempt):
        yield


def logger(name: str) -> Any:
    """A bound logger; ``logger("node.peer").info("peer.sent", type=...)``."""
    return structlog.get_logger(name)
