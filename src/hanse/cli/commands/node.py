"""hanse node …, and hanse errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.node import ErrorCatalogueView, ErrorEntry, HealthView, NodeView
from hanse.api.tasks import TasksView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.views import InitView, NetworkView, ValidatorView
from hanse.cli.run import Run
from hanse.cli.values import words
from hanse.core.errors import UnavailableError

app = group(
    "This organisation's node: make it, join a network, run it, look at it.",
    (
        "hanse node init --home bank --name 'First Bank' --port 8701",
        "hanse node join --home bank --genesis genesis.json --operator http://127.0.0.1:8700"
        " --role data_consumer",
        "hanse node start --home bank",
        "hanse node health --url http://127.0.0.1:8701",
    ),
)
Home = Annotated[Path, typer.Option("--home", help="Directory of the node.")]


class Unhealthy(UnavailableError):
    """The node answers, and says that a part of it does not work."""

    code = "cli.node_unhealthy"
    help = "Look at the parts named; the node's log says more."


@command(
    app,
    "init",
    examples=(
        "hanse node init --home bank --name 'First Bank' --port 8701",
        "HANSE_PASSPHRASE=… hanse node init --home bank --name 银行 --suite sm"
        " --host 0.0.0.0 --public-url https://node.bank.example",
    ),
    online=False,
)
def init(
    run: Run,
    home: Home,
    name: Annotated[str, typer.Option("--name", help="The organisation's name.")],
    suite: Annotated[str, typer.Option("--suite", help="sm or intl; the network's.")] = "sm",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535)] = 8_440,
    public_url: Annotated[
        str, typer.Option("--public-url", help="Where others reach it; else http://host:port.")
    ] = "",
    admin_user: Annotated[str, typer.Option("--admin-user")] = "admin",
    import_directory: Annotated[
        list[Path] | None, typer.Option("--import-directory", help="Files may be imported from.")
    ] = None,
) -> InitView:
    """Make a node's home: keys, DID, settings, first administrator.

    The administrator's password is shown this once. The keystore's passphrase comes from
    HANSE_PASSPHRASE; without it one is made and kept in the home, which is for trials only.
    """
    from hanse.node.bootstrap import init_node

    made = init_node(
        home,
        name=name,
        suite=suite,
        host=host,
        port=port,
        public_url=public_url,
        passphrase=os.environ.get("HANSE_PASSPHRASE"),
        admin_user=admin_user,
        import_directories=import_directory or [],
    )
    return InitView.model_validate(made)


@command(
    app,
    "join",
    examples=(
        "hanse node join --home bank --genesis genesis.json --operator http://127.0.0.1:8700"
        " --role data_provider,data_consumer --controller 'First Bank Holding'",
    ),
    online=False,
)
def join(
    run: Run,
    home: Home,
    genesis: Annotated[Path, typer.Option("--genesis", help="File handed out by the operator.")],
    operator: Annotated[str, typer.Option("--operator", help="Address of the operator's node.")],
    role: options.Roles,
    controller: Annotated[
        str, typer.Option("--controller", help="Who controls the organisation.")
    ] = "",
    details: Annotated[str, typer.Option("--details", help="For the operator.")] = "",
) -> NetworkView:
    """Point a home at a network; the node applies for membership when it starts.

    Trust in the network starts with the genesis file: compare its chain id with the operator.
    """
    from hanse.node.bootstrap import join_network

    joined = join_network(
        home,
        genesis_file=genesis,
        operator_url=operator,
        roles=words(role) or [],
        controller=controller,
        details=details,
    )
    return NetworkView.model_validate(joined)


@command(
    app,
    "validator",
    examples=(
        "hanse node validator --home bank --port 26656 --output bank.json",
        "hanse node validator --home bank --host 0.0.0.0 --port 26656"
        " --public-address ledger.bank.example:26656 --metrics-port 26660",
    ),
    online=False,
)
def validator(
    run: Run,
    home: Home,
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Of the engine.")],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    public_address: Annotated[
        str, typer.Option("--public-address", help="host:port others connect to, if another.")
    ] = "",
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", min=0, max=65_535, help="Of the engine, loopback.")
    ] = 0,
    output: options.OptionalOutput = None,
) -> ValidatorView:
    """Let a node take part in ordering: make its engine's keys and settings.

    The description names public keys and address. Hand it to whoever makes the network, or join
    the network and ask its validators to vote for this node.
    """
    from hanse.node.bootstrap import prepare_validator
    from hanse.node.validator import write_validator

    made = prepare_validator(
        home, host=host, port=port, public_address=public_address, metrics_port=metrics_port
    )
    if output is not None:
        write_validator(output, made)
    return ValidatorView.model_validate(made)


@command(app, "start", examples=("hanse node start --home bank",), online=False)
def start(run: Run, home: Home) -> None:
    """Run the node until it is stopped (Ctrl-C or SIGTERM); logs go to standard error."""
    from hanse.node.serve import serve

    serve(home)


@command(app, "show", "node.show", examples=("hanse node show --url http://127.0.0.1:8701",))
def show(run: Run) -> NodeView:
    """Show who the node is and its place in the network."""
    return run.client.node.show()


@command(
    app,
    "health",
    "node.health",
    examples=("hanse node health", "hanse node health --wait 60"),
)
def health(
    run: Run,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="Until it is healthy.")
    ] = 0.0,
) -> HealthView:
    """Show health by part; exit code 9 when a part does not work."""
    if wait:
        return run.client.node.wait_healthy(wait)
    found = run.client.node.health()
    if not found.ok:
        run.out.show(found)
        bad = ", ".join(check.name for check in found.checks if not check.ok)
        raise Unhealthy(f"not healthy: {bad}")
    return found


@command(app, "tasks", "node.tasks", examples=("hanse node tasks", "hanse node tasks --json"))
def tasks(run: Run) -> TasksView:
    """Show what the node computes now: who runs, who waits, what they reserve."""
    return run.client.node.tasks()


@command(app, "metrics", "node.metrics", examples=("hanse node metrics",))
def metrics(run: Run) -> str:
    """Print metrics in Prometheus text format."""
    return run.client.node.metrics()


@command(
    app,
    "errors",
    "node.errors",
    examples=("hanse node errors", "hanse node errors rights. --json"),
)
def errors(
    run: Run,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Codes that begin so.")] = "",
) -> ErrorCatalogueView | Page[ErrorEntry]:
    """List the error catalogue: code, exit code, what to do."""
    items = [e for e in run.client.node.errors().items if e.code.startswith(prefix)]
    return ErrorCatalogueView(items=items) if run.as_json else Page(items=items)
