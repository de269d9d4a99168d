"""hanse algorithms …: write, try, publish, review, approve."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hanse.api.algorithms import AlgorithmView, PackageView
from hanse.api.base import Page
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_text
from hanse.cli.commands.views import NewAlgorithmView, TrialView
from hanse.cli.errors import BadUsage
from hanse.cli.run import Run

app = group(
    "Own algorithms: a JAX function and a manifest, approved by every party, run under MPC.",
    (
        "hanse algorithms new burden",
        "hanse algorithms try burden --rows 1000",
        "hanse algorithms publish burden",
    ),
)
Algorithm = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="From algorithms list.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="manifest.yaml and algorithm.py.")]


@command(app, "new", examples=("hanse algorithms new burden",), online=False)
def new(
    run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="Of algorithm and folder.")]
) -> NewAlgorithmView:
    """Write a package to begin with into a folder of that name."""
    from hanse.compute.algorithms.package import make_package, write_folder
    from hanse.compute.algorithms.template import MANIFEST, SOURCE

    package = make_package(MANIFEST.replace("NAME", name), SOURCE)
    write_folder(package, Path(name))
    return NewAlgorithmView(folder=name, algorithm=package.manifest.reference)


@command(
    app,
    "try",
    examples=(
        "hanse algorithms try burden --rows 1000",
        "hanse algorithms try burden --data bank.csv --data shop.csv --protocol cheetah",
    ),
    online=False,
)
def try_(
    run: Run,
    folder: Folder,
    rows: Annotated[int, typer.Option("--rows", min=5, max=1_000_000, help="Rows to make.")] = 1000,
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="CSV files with the inputs' columns.")
    ] = None,
    protocol: Annotated[str, typer.Option("--protocol", help="aby3 or cheetah.")] = "aby3",
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter.")
    ] = None,
) -> TrialView:
    """Run it in plaintext and under MPC on this machine, and show the error between them.

    Without data, columns are made from the manifest's ranges, ends included.
    """
    from hanse.compute.algorithms.package import read_folder
    from hanse.compute.algorithms.trial import generate, try_package

    if protocol not in ("aby3", "cheetah"):
        raise BadUsage("--protocol is aby3 or cheetah")
    package = read_folder(folder)
    columns = _columns(data) if data else generate(package.manifest, rows)
    trial = asyncio.run(try_package(package, columns, protocol=protocol, settings=setting or ()))
    return TrialView(**msgspec.to_builtins(trial))


@command(app, "list", "algorithms.list", examples=("hanse algorithms list",), paged=True)
def list_algorithms(
    run: Run,
    author: Annotated[str, typer.Option("--author", help="DID.")] = "",
    state: Annotated[str, typer.Option("--state", help="PUBLISHED or WITHDRAWN.")] = "",
) -> Page[AlgorithmView]:
    """List algorithms of all members."""
    return run.page(run.client.algorithms.list, author=author or None, state=state or None)


@command(app, "show", "algorithms.show", examples=("hanse algorithms show burden@1.0.0",))
def show(run: Run, algorithm: Algorithm) -> AlgorithmView:
    """Show a version: inputs, outputs, what it reveals, who approved it."""
    return run.client.algorithms.show(algorithm)


@command(
    app,
    "fetch",
    "algorithms.package",
    examples=("hanse algorithms fetch burden@1.0.0 --output review",),
)
def fetch(
    run: Run,
    algorithm: Algorithm,
    output: Annotated[Path | None, typer.Option("--output", help="New folder.")] = None,
) -> PackageView:
    """Get a package to read it; checked against its fingerprint on the ledger."""
    from hanse.compute.algorithms.package import make_package, write_folder

    found = run.client.algorithms.package(algorithm)
    if output is not None:
        write_folder(make_package(found.manifest, found.source), output)
    return found


@command(app, "publish", "algorithms.publish", examples=("hanse algorithms publish burden",))
def publish(run: Run, folder: Folder) -> AlgorithmView:
    """Publish a package: its description and fingerprint go on the ledger, for good."""
    manifest, source = (read_text(folder / name) for name in ("manifest.yaml", "algorithm.py"))
    return run.client.algorithms.publish(manifest, source)


@command(
    app,
    "approve",
    "algorithms.approve",
    examples=("hanse algorithms approve burden@1.0.0 --fingerprint 5f0c…",),
)
def approve(
    run: Run,
    algorithm: Algorithm,
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="Of what you reviewed.")],
) -> AlgorithmView:
    """Approve a version for your own part, after reading it."""
    return run.client.algorithms.approve(algorithm, fingerprint)


@command(
    app,
    "revoke",
    "algorithms.revoke",
    examples=("hanse algorithms revoke burden@1.0.0 --yes",),
    confirmed=True,
)
def revoke(run: Run, algorithm: Algorithm, reason: options.Reason = "") -> AlgorithmView:
    """Take your approval back: flows that name the version end."""
    run.confirm(f"Take the approval of {algorithm} back?")
    return run.client.algorithms.revoke(algorithm, reason)


@command(
    app,
    "withdraw",
    "algorithms.withdraw",
    examples=("hanse algorithms withdraw burden@1.0.0 --yes",),
    confirmed=True,
)
def withdraw(run: Run, algorithm: Algorithm, reason: options.Reason = "") -> AlgorithmView:
    """Withdraw an own version: nobody can use it any more."""
    run.confirm(f"Withdraw {algorithm} for everybody?")
    return run.client.algorithms.withdraw(algorithm, reason)


def _columns(paths: list[Path]) -> dict[str, Any]:
    """Number columns of the files, by name."""
    found: dict[str, Any] = {}
    for path in paths:
        for name, texts in _table(path).items():
            try:
                found[name] = [float(text) for text in texts]
            except ValueError:
                continue  # keys and names; a missing input is named later
    if len({len(values) for values in found.values()}) > 1:
        raise BadUsage("the files have different numbers of rows")
    return found


def _table(path: Path) -> dict[str, list[str]]:
    rows = list(csv.DictReader(read_text(path).splitlines()))
    names = list(rows[0]) if rows else []
    return {name: [row[name] or "" for row in rows] for name in names}
