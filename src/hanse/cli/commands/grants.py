"""hanse grants …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.grants import GrantExplanationView, GrantView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run
from hanse.cli.values import moment_ms, words

app = group(
    "Grants: who may use which fields for what purpose, how often, until when.\n\n"
    "REQUESTED → (OFFERED → ACCEPTED) → AGREED → VERIFIED → FINALIZED; then its uses count.",
    (
        "hanse grants request DATASET --field id,spend --purpose credit-risk --operator align",
        "hanse grants explain GRANT",
        "hanse grants agree GRANT",
        "hanse grants verify GRANT",
    ),
)
Words = list[str] | None


@command(
    app,
    "request",
    "grants.request",
    examples=(
        "hanse grants request DATASET --field id,spend --purpose credit-risk"
        " --operator align,split,logistic_regression --uses 1 --not-after 30d",
    ),
)
def request(
    run: Run,
    dataset: options.DatasetArgument,
    field: Annotated[list[str], typer.Option("--field", help="Repeat or use commas.")],
    purpose: Annotated[str, typer.Option("--purpose")],
    operator: Annotated[list[str], typer.Option("--operator", help="Repeat or use commas.")],
    uses: Annotated[int, typer.Option("--uses", min=1, help="One use is one flow.")] = 1,
    not_after: Annotated[
        str, typer.Option("--not-after", help="A span (30d) or a date (2027-01-31).")
    ] = "30d",
) -> GrantView:
    """Apply for use of a dataset."""
    return run.client.grants.request(
        dataset,
        fields=words(field) or [],
        purpose=purpose,
        operators=words(operator) or [],
        uses=uses,
        not_after_ms=moment_ms(not_after, "--not-after"),
    )


@command(
    app,
    "list",
    "grants.list",
    examples=("hanse grants list --side owner --state REQUESTED",),
    paged=True,
)
def list_grants(
    run: Run,
    side: Annotated[str, typer.Option("--side", help="owner or consumer.")] = "",
    state: Annotated[str, typer.Option("--state", help="For instance REQUESTED.")] = "",
    standing: Annotated[
        str, typer.Option("--standing", help="ACTIVE, USED_UP, REVOKED or EXPIRED.")
    ] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="ds-…")] = "",
) -> Page[GrantView]:
    """List grants this node gives or uses."""
    return run.page(
        run.client.grants.list,
        side=side or None,
        state=state or None,
        standing=standing or None,
        dataset=dataset or None,
    )


@command(app, "show", "grants.get", examples=("hanse grants show GRANT",))
def show(run: Run, grant: options.GrantArgument) -> GrantView:
    """Show a grant as it stands on the ledger."""
    return run.client.grants.get(grant)


@command(
    app,
    "explain",
    "grants.explain",
    examples=("hanse grants explain GRANT", "hanse grants explain GRANT --lang zh"),
)
def explain(
    run: Run,
    grant: options.GrantArgument,
    lang: Annotated[str, typer.Option("--lang", help="en or zh.")] = "en",
) -> GrantExplanationView | str:
    """Say in plain words what the operators asked for would reveal, and to whom."""
    explained = run.client.grants.explain(grant, lang=lang)
    return explained if run.as_json else "\n".join(explained.lines)


@command(
    app,
    "offer",
    "grants.offer",
    examples=("hanse grants offer GRANT --price 300 --uses 2",),
)
def offer(
    run: Run,
    grant: options.GrantArgument,
    field: Annotated[Words, typer.Option("--field")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose")] = None,
    operator: Annotated[Words, typer.Option("--operator")] = None,
    uses: Annotated[int | None, typer.Option("--uses", min=1)] = None,
    not_after: Annotated[str, typer.Option("--not-after", help="A span or a date.")] = "",
    price: Annotated[int | None, typer.Option("--price", min=0, help="Points a use.")] = None,
) -> GrantView:
    """Offer other terms, as the owner; what is not given stays as asked for."""
    return run.client.grants.offer(
        grant,
        fields=words(field),
        purpose=purpose,
        operators=words(operator),
        uses=uses,
        not_after_ms=moment_ms(not_after, "--not-after") if not_after else None,
        price_points=price,
    )


@command(app, "accept", "grants.accept", examples=("hanse grants accept GRANT",))
def accept(run: Run, grant: options.GrantArgument) -> GrantView:
    """Accept the owner's offer, as the consumer."""
    return run.client.grants.accept(grant)


@command(app, "agree", "grants.agree", examples=("hanse grants agree GRANT",))
def agree(run: Run, grant: options.GrantArgument) -> GrantView:
    """Agree, as the owner. Read `hanse grants explain` first."""
    return run.client.grants.agree(grant)


@command(app, "verify", "grants.verify", examples=("hanse grants verify GRANT",))
def verify(run: Run, grant: options.GrantArgument) -> GrantView:
    """Confirm the agreement, as the consumer; the grant becomes final."""
    return run.client.grants.verify(grant)


@command(
    app,
    "terminate",
    "grants.terminate",
    examples=('hanse grants terminate GRANT --reason "no legal basis" --yes',),
    confirmed=True,
)
def terminate(run: Run, grant: options.GrantArgument, reason: options.Reason = "") -> GrantView:
    """Reject (owner) or withdraw (consumer) a grant that is not final."""
    run.confirm(f"Terminate the negotiation of {grant}?")
    return run.client.grants.terminate(grant, reason)


@command(
    app,
    "revoke",
    "grants.revoke",
    examples=('hanse grants revoke GRANT --reason "consent withdrawn" --yes',),
    confirmed=True,
)
def revoke(run: Run, grant: options.GrantArgument, reason: options.Reason = "") -> GrantView:
    """Revoke a final grant; a running flow stops at its next checkpoint."""
    run.confirm(f"Revoke {grant}? A flow that runs on it stops.")
    return run.client.grants.revoke(grant, reason)
