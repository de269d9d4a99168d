"""hanse evidence …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.evidence import EvidenceView, OpenedEvidenceView
from hanse.cli.command import command, group
from hanse.cli.run import Run

app = group(
    "Evidence: salted commitments on the ledger, openable by the parties named.",
    ("hanse evidence list --flow FLOW", "hanse evidence open EVIDENCE"),
)


@command(
    app,
    "list",
    "evidence.list",
    examples=("hanse evidence list --flow FLOW --step train",),
    paged=True,
)
def list_evidence(
    run: Run,
    flow: Annotated[str, typer.Option("--flow", help="fl-…")] = "",
    step: Annotated[str, typer.Option("--step")] = "",
    party: Annotated[str, typer.Option("--party", help="DID.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Any identifier.")] = "",
) -> Page[EvidenceView]:
    """List evidence recorded on the ledger."""
    return run.page(
        run.client.evidence.list,
        flow=flow or None,
        step=step or None,
        party=party or None,
        subject=subject or None,
    )


@command(app, "open", "evidence.open", examples=("hanse evidence open EVIDENCE --json",))
def open_evidence(
    run: Run,
    evidence: Annotated[str, typer.Argument(metavar="EVIDENCE", help="From evidence list.")],
) -> OpenedEvidenceView:
    """Open a commitment that is sealed to this node, checked against the ledger."""
    return run.client.evidence.open(evidence)
