"""hanse models …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import TransactionOutcome
from hanse.api.models import ModelDescriptionView, ModelListView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "Models, and tables set up for retrieval, that this node holds a part of.",
    ("hanse models list", "hanse models show FLOW train model"),
)
StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The step that made it.")]
OutputArgument = Annotated[str, typer.Argument(metavar="OUTPUT", help="For instance model.")]


@command(app, "list", "models.list", examples=("hanse models list",))
def list_models(run: Run) -> ModelListView:
    """List models with their versions."""
    return run.client.models.list()


@command(app, "show", "models.get", examples=("hanse models show FLOW train model",))
def show(
    run: Run,
    flow: options.FlowArgument,
    step: StepArgument,
    output: OutputArgument,
    receiver: Annotated[
        str, typer.Option("--receiver", metavar="DID", help="Who would open scores.")
    ] = "",
) -> ModelDescriptionView:
    """Describe a model, and what scores of it give a receiver."""
    return run.client.models.get(flow, step, output, receiver=receiver or None)


@command(
    app,
    "retire",
    "models.retire",
    examples=("hanse models retire FLOW train model --reason 'replaced by version 2'",),
    confirmed=True,
)
def retire(
    run: Run,
    flow: options.FlowArgument,
    step: StepArgument,
    output: OutputArgument,
    reason: options.Reason = "",
) -> TransactionOutcome:
    """Retire a model: no step and no service uses it any more. Cannot be undone."""
    run.confirm(f"Retire {step}.{output} of {flow} for everybody?")
    return run.client.models.retire(flow, step, output, reason)
