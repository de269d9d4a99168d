"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Reason = Annotated[str, typer.Option("--reason", help="Recorded on the ledger.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
OptionalOutput = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")]
TimeoutS = Annotated[float, typer.Option("--timeout", min=0, metavar="SECONDS")]
Roles = Annotated[list[str], typer.Option("--role", help="Repeat, or separate by commas.")]
OptionalRoles = Annotated[
    list[str] | None, typer.Option("--role", help="Repeat, or separate by commas.")
]
DidArgument = Annotated[str, typer.Argument(metavar="DID", help="did:hanse:…")]
GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="gr-…")]
FlowArgument = Annotated[str, typer.Argument(metavar="FLOW", help="fl-…")]
DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="ds-…")]
TableArgument = Annotated[str, typer.Argument(metavar="TABLE", help="Identifier of a table.")]
