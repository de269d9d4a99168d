"""Health by part: what an operator, a load balancer and Kubernetes ask."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from sqlalchemy import text

from hanse.api.node import HealthCheck, HealthView
from hanse.core.errors import HanseError, catalogue
from hanse.node.node import Node

LEAST_FREE_BYTES = 256 * 2**20
MOST_BLOCKS_BEHIND = 1_000


def check_health(node: Node, peers: int | None = None) -> HealthView:
    """Look at every part; a part that fails names why, without secrets.

    Args:
        node: this one.
        peers: links of its ordering engine to others; None when not known.
    """
    checks = [
        _guarded("database", lambda: _database(node)),
        _guarded("audit_log", lambda: _audit(node)),
        _guarded("disk", lambda: _disk(node)),
        _guarded("membership", lambda: _membership(node)),
    ]
    if node.network is not None:
        checks += [
            _guarded("ledger", lambda: _ledger(node, peers)),
            _guarded("views", lambda: _views(node)),
        ]
    parts = node.background.failures
    checks.append(
        HealthCheck(
            name="background",
            ok=not parts,
            detail=", ".join(f"{name}: {code}" for name, code in sorted(parts.items())),
        )
    )
    return HealthView(ok=all(check.ok for check in checks), checks=checks)


def _guarded(name: str, check: Callable[[], tuple[bool, str]]) -> HealthCheck:
    try:
        ok, detail = check()
    except HanseError as error:
        ok, detail = False, error.code
    except OSError as error:
        ok, detail = False, type(error).__name__
    return HealthCheck(name=name, ok=ok, detail=detail)


def _database(node: Node) -> tuple[bool, str]:
    with node.host.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return True, node.host.database.dialect


def _audit(node: Node) -> tuple[bool, str]:
    writable = node.host.audit.is_writable
    return writable, f"length {node.host.audit.head().length}" if writable else "not writable"


def _disk(node: Node) -> tuple[bool, str]:
    free = shutil.disk_usage(node.host.home.root).free
    return free >= LEAST_FREE_BYTES, f"{free // 2**20} MiB free"


def _membership(node: Node) -> tuple[bool, str]:
    if node.genesis is None:
        return True, "no network"
    if node.network is not None:
        return True, "member"
    state = "APPLYING" if node.applicant is None else node.applicant.status.state
    return state != "REJECTED", state.lower()


def _ledger(node: Node, peers: int | None) -> tuple[bool, str]:
    assert node.network is not None
    status = node.network.ledger.status()
    if status.failure:
        known = catalogue().get(status.failure)
        return False, f"{status.failure}: {known.help}" if known else status.failure
    if status.stalled:
        return False, f"{status.stalled}: {status.stalled_reason}"
    where = f"height {status.height}"
    if status.role == "participant":
        linked = "the engine does not answer" if peers is None else f"linked engines: {peers}"
        where += f", certified {node.network.ledger.certified_height}, {linked}"
    return True, where


def _views(node: Node) -> tuple[bool, str]:
    assert node.network is not None
    behind = node.network.ledger.height - node.network.projector.height
    return behind <= MOST_BLOCKS_BEHIND, f"{behind} blocks behind"
