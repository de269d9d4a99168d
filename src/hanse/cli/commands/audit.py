"""hanse audit …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.evidence import AuditLogEntry, LogVerificationView, TraceView
from hanse.cli.command import command, group
from hanse.cli.run import Run

app = group(
    "Audit: trace anything over the ledger; the node's own hash-chained log.",
    ("hanse audit trace FLOW", "hanse audit log --limit 20", "hanse audit verify-log"),
)


@command(
    app,
    "trace",
    "audit.trace",
    examples=("hanse audit trace FLOW", "hanse audit trace DATASET --json"),
)
def trace(
    run: Run,
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="Dataset, grant, flow, DID or transaction."),
    ],
) -> TraceView:
    """Trace a subject from start to end; each line names the transaction that proves it."""
    return run.client.audit.trace(subject)


@command(app, "log", "audit.log", examples=("hanse audit log --actor alice",), paged=True)
def log(
    run: Run,
    actor: Annotated[str, typer.Option("--actor", help="User or DID.")] = "",
    action: Annotated[str, typer.Option("--action", help="For instance grants.agree.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Any identifier.")] = "",
) -> Page[AuditLogEntry]:
    """Show the node's log of operations, newest first."""
    return run.page(
        run.client.audit.log, actor=actor or None, action=action or None, subject=subject or None
    )


@command(app, "verify-log", "audit.verify_log", examples=("hanse audit verify-log",))
def verify_log(run: Run) -> LogVerificationView:
    """Recompute the log's chain and compare it with its anchors on the ledger."""
    return run.client.audit.verify_log()
