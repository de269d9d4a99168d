"""hanse attestation …: what a worker with trusted hardware proves of itself, offline."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from hanse.cli.command import command, group
from hanse.cli.commands.files import read_bytes, read_text
from hanse.cli.commands.views import AttestationView
from hanse.cli.errors import BadUsage
from hanse.cli.run import Run
from hanse.cli.values import moment_ms

app = group(
    "Quotes of trusted hardware (Intel SGX and TDX): read them, check them against a policy.",
    (
        "hanse attestation verify quote.bin --collateral collateral.json",
        "hanse attestation verify quote.bin --collateral collateral.json --policy policy.json",
    ),
)


@command(
    app,
    "verify",
    examples=(
        "hanse attestation verify quote.bin --collateral collateral.json",
        "hanse attestation verify quote.bin --collateral collateral.json --policy policy.json"
        " --at 2025-06-20T00:00:00Z",
    ),
    online=False,
)
def verify(
    run: Run,
    quote: Annotated[Path, typer.Argument(metavar="QUOTE", help="As the hardware made it.")],
    collateral: Annotated[
        Path, typer.Option("--collateral", help="Certificates, CRLs and TCB information, JSON.")
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="What is accepted, JSON; else only shown.")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", help="Time certificates must be valid at; else now.")
    ] = "",
) -> AttestationView:
    """Verify a quote down to Intel's root; exit code 6 when it, or the policy, does not hold.

    A policy names the kind (tee), accepted registers, statuses and advisories; see
    docs/attestation.md. That the quote was made for one session is checked where the session is.
    """
    from hanse.compute.attestation import AttestationPolicy, read_quote
    from hanse.compute.attestation.policy import check_claims, check_policy

    now_ms = moment_ms(at, "--at") if at else time.time_ns() // 1_000_000
    claims = read_quote(read_bytes(quote), read_text(collateral), now_ms)
    if policy is not None:
        try:
            accepted = msgspec.json.decode(read_bytes(policy), type=AttestationPolicy)
        except msgspec.DecodeError as error:
            raise BadUsage(f"{policy} is no policy: {error}") from error
        check_policy(accepted)
        check_claims(claims, accepted)
    return AttestationView(**msgspec.to_builtins(claims), policy_holds=policy is not None)
