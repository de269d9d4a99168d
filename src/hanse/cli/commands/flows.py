"""hanse flows …"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hanse.api.base import Page
from hanse.api.flows import FlowCheckView, FlowResultsView, FlowSummary, FlowView, ResultView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_text
from hanse.cli.output import Done
from hanse.cli.render import human_size
from hanse.cli.run import Run

app = group(
    "Flows: computations of several parties, deployed as contracts.",
    (
        "hanse flows check flow.yaml",
        "hanse flows deploy flow.yaml --wait",
        "hanse flows results FLOW",
        "hanse flows result FLOW evaluate report",
    ),
)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Flow in YAML; - for stdin.")]
DAY_S = 86_400.0


@command(
    app,
    "check",
    "flows.check",
    examples=("hanse flows check flow.yaml", "hanse flows check flow.yaml --lang zh"),
)
def check(
    run: Run,
    file: FileArgument,
    lang: Annotated[str, typer.Option("--lang", help="en or zh.")] = "en",
) -> FlowCheckView:
    """Compile a flow without deploying it: parties, protocols, price, budgets, what is revealed."""
    return run.client.flows.check(read_text(file), lang=lang)


@command(
    app,
    "deploy",
    "flows.deploy",
    examples=("hanse flows deploy flow.yaml", "hanse flows deploy flow.yaml --wait --json"),
)
def deploy(
    run: Run,
    file: FileArgument,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has completed.")] = False,
    timeout: options.TimeoutS = DAY_S,
) -> FlowView:
    """Deploy a flow; its grants are reserved and its price is held."""
    flow = run.client.flows.deploy(read_text(file))
    return _follow(run, flow.id, timeout) if wait else flow


@command(
    app,
    "watch",
    "flows.get",
    examples=("hanse flows watch FLOW", "hanse flows watch FLOW --timeout 600"),
)
def watch(run: Run, flow: options.FlowArgument, timeout: options.TimeoutS = DAY_S) -> FlowView:
    """Follow a flow until it has completed. Ctrl-C stops watching, not the flow."""
    return _follow(run, flow, timeout)


@command(app, "list", "flows.list", examples=("hanse flows list --state STARTED",), paged=True)
def list_flows(
    run: Run,
    state: Annotated[str, typer.Option("--state", help="For instance COMPLETED.")] = "",
) -> Page[FlowSummary]:
    """List flows this node takes part in, newest first."""
    return run.page(run.client.flows.list, state=state or None)


@command(app, "show", "flows.get", examples=("hanse flows show FLOW",))
def show(run: Run, flow: options.FlowArgument) -> FlowView:
    """Show a flow: steps, reports of failed attempts, payments."""
    return run.client.flows.get(flow)


@command(app, "suspend", "flows.suspend", examples=("hanse flows suspend FLOW",))
def suspend(run: Run, flow: options.FlowArgument, reason: options.Reason = "") -> FlowView:
    """Suspend a flow."""
    return run.client.flows.suspend(flow, reason)


@command(app, "resume", "flows.resume", examples=("hanse flows resume FLOW",))
def resume(run: Run, flow: options.FlowArgument) -> FlowView:
    """Resume a suspended flow."""
    return run.client.flows.resume(flow)


@command(
    app,
    "terminate",
    "flows.terminate",
    examples=('hanse flows terminate FLOW --reason "wrong parameters" --yes',),
    confirmed=True,
)
def terminate(run: Run, flow: options.FlowArgument, reason: options.Reason = "") -> FlowView:
    """Terminate a flow at every party."""
    run.confirm(f"Terminate {flow} at every party?")
    return run.client.flows.terminate(flow, reason)


@command(app, "rerun", "flows.rerun", examples=("hanse flows rerun FLOW train",))
def rerun(
    run: Run,
    flow: options.FlowArgument,
    step: Annotated[str, typer.Argument(metavar="STEP", help="Run again from here on.")],
) -> FlowView:
    """Run again from a step on."""
    return run.client.flows.rerun(flow, step)


@command(app, "results", "flows.results", examples=("hanse flows results FLOW",))
def results(run: Run, flow: options.FlowArgument) -> FlowResultsView | Page[ResultView]:
    """List the results this node holds."""
    held = run.client.flows.results(flow)
    return held if run.as_json else Page(items=held.items)


@command(
    app,
    "result",
    "flows.result",
    examples=(
        "hanse flows result FLOW evaluate report",
        "hanse flows result FLOW score scores --format csv --output scores.csv",
    ),
)
def result(
    run: Run,
    flow: options.FlowArgument,
    step: Annotated[str, typer.Argument(metavar="STEP")],
    output_name: Annotated[str, typer.Argument(metavar="OUTPUT", help="As in flows results.")],
    format_: Annotated[
        str, typer.Option("--format", help="json for reports; csv or parquet for tables.")
    ] = "",
    output: options.OptionalOutput = None,
) -> Any:
    """Open a result: a report is printed, a table goes to a file (--output)."""
    flows, wanted = run.client.flows, format_ or None
    if output is None:
        content = flows.result(flow, step, output_name, file_format=wanted or "json")
        return json.loads(content)
    with run.progress(f"writing {output}") as report:
        size = flows.save_result(
            flow,
            step,
            output_name,
            output,
            file_format=wanted,
            progress=lambda done: report(f"writing {output}: {human_size(done)}"),
        )
    return Done(done=f"{human_size(size)} written to {output}")


def _follow(run: Run, flow: str, timeout_s: float) -> FlowView:
    with run.progress(f"{flow}: waiting") as report:
        return run.client.flows.wait_completed(flow, timeout_s, lambda view: report(describe(view)))


def describe(flow: FlowView) -> str:
    """One line saying where a flow stands."""
    done = sum(step.state == "COMPLETED" for step in flow.steps)
    parts = [f"{flow.name}: {done}/{len(flow.steps)} steps, {flow.state}"]
    for step in flow.steps:
        if step.state in ("REQUESTED", "STARTED", "SUSPENDED"):
            parts.append(f"{step.id} {step.state} (attempt {step.attempt})")
            if step.progress is not None:
                total = f"/{step.progress.total}" if step.progress.total else ""
                seconds = step.progress.left_seconds
                left = "" if not seconds else f", about {seconds} s left"
                resumed = step.progress.resumed_at
                since = f", resumed at {resumed}" if resumed else ""
                parts.append(f"{step.progress.phase} {step.progress.done}{total}{since}{left}")
    return ", ".join(parts)
