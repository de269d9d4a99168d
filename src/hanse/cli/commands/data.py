"""hanse data …"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hanse.api.base import Page
from hanse.api.catalogue import DatasetView
from hanse.api.data import TableView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_text
from hanse.cli.errors import BadOption
from hanse.cli.output import Done
from hanse.cli.render import human_size
from hanse.cli.run import Run
from hanse.cli.values import levels, pairs, words

app = group(
    "Tables in this node's vault. Rows never leave the node; metadata is published.",
    (
        "hanse data import customers.csv --key id",
        "hanse data show TABLE",
        "hanse data publish TABLE --title Purchases --operator align --purpose credit-risk",
    ),
)
Words = list[str] | None
HOUR_S = 3_600.0


@command(
    app,
    "import",
    "data.upload",
    "data.import_path",
    examples=(
        "hanse data import customers.csv --key id",
        "hanse data import 客户.csv --name customers --type 年龄=int64",
        "hanse data import big.parquet --at-node",
    ),
)
def import_(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")],
    name: Annotated[str, typer.Option("--name", help="Default: the file's name.")] = "",
    key: Annotated[Words, typer.Option("--key", help="Column(s) that identify a row.")] = None,
    types: Annotated[
        Words, typer.Option("--type", metavar="COLUMN=TYPE", help="Else types are detected.")
    ] = None,
    at_node: Annotated[
        bool, typer.Option("--at-node", help="The file lies in the node's import directory.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="For profile and digest.")] = True,
) -> TableView:
    """Import a file: encrypted, profiled, committed to. Without --at-node it is uploaded."""
    data, label = run.client.data, name or file.stem
    keys, chosen = words(key) or [], pairs(types, "--type")
    with run.progress(f"importing {file.name}") as report:
        if at_node:
            table = data.import_path(str(file), label, key_columns=keys, types=chosen)
        else:
            table = data.upload(file, label, key_columns=keys, types=chosen)
        if not wait:
            return table
        return data.wait_ready(
            table.id, HOUR_S, lambda view: report(f"{file.name}: {view.rows:,} rows, {view.state}")
        )


@command(app, "list", "data.list", examples=("hanse data list",), paged=True)
def list_tables(
    run: Run,
    text: Annotated[str, typer.Option("--text", "-q", help="Part of a name.")] = "",
    state: Annotated[str, typer.Option("--state", help="IMPORTING, READY or FAILED.")] = "",
) -> Page[TableView]:
    """List tables in the vault."""
    return run.page(run.client.data.list, q=text or None, state=state or None)


@command(app, "show", "data.get", examples=("hanse data show TABLE",))
def show(run: Run, table: options.TableArgument) -> TableView:
    """Show a table's columns and profile."""
    return run.client.data.get(table)


@command(app, "delete", "data.delete", examples=("hanse data delete TABLE --yes",), confirmed=True)
def delete(run: Run, table: options.TableArgument) -> Done:
    """Delete a table beyond recovery: its key is destroyed."""
    run.confirm(f"Delete table {table} beyond recovery?")
    run.client.data.delete(table)
    return Done(done=f"table {table} deleted")


@command(
    app,
    "publish",
    "data.publish",
    examples=(
        "hanse data publish TABLE --title Purchases --operator align,logistic_regression"
        " --purpose credit-risk --price 100",
        "hanse data publish TABLE --title 消费记录 --level 3 --field-level income=4"
        " --operator align --purpose credit-risk --hide-row-count",
    ),
)
def publish(
    run: Run,
    table: options.TableArgument,
    title: Annotated[str, typer.Option("--title")],
    operator: Annotated[list[str], typer.Option("--operator", help="Operators allowed on it.")],
    purpose: Annotated[list[str], typer.Option("--purpose", help="Purposes allowed.")],
    description: Annotated[str, typer.Option("--description")] = "",
    keyword: Annotated[Words, typer.Option("--keyword")] = None,
    field: Annotated[Words, typer.Option("--field", help="Only these columns.")] = None,
    level: Annotated[int, typer.Option("--level", min=1, max=5, help="1 open … 5 core.")] = 3,
    field_level: Annotated[Words, typer.Option("--field-level", metavar="FIELD=LEVEL")] = None,
    describe: Annotated[Words, typer.Option("--describe", metavar="FIELD=TEXT")] = None,
    price: Annotated[int, typer.Option("--price", min=0, help="Points for one use.")] = 0,
    provenance: Annotated[Words, typer.Option("--provenance", metavar="NAME=TEXT")] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="ODRL policy; else made of the terms.")
    ] = None,
    hide_row_count: Annotated[bool, typer.Option("--hide-row-count")] = False,
) -> DatasetView:
    """Publish a table's metadata to the catalogue, signed, with level, rules and price."""
    return run.client.data.publish(
        table,
        title=title,
        operators=words(operator),
        purposes=words(purpose),
        description=description,
        keywords=words(keyword),
        fields=words(field),
        level=level,
        levels=levels(field_level, "--field-level"),
        descriptions=pairs(describe, "--describe"),
        price_points=price,
        provenance=pairs(provenance, "--provenance"),
        policy=_policy(policy),
        disclose_row_count=not hide_row_count,
    )


@command(
    app,
    "export",
    "data.export",
    examples=("hanse data export TABLE --output customers.parquet --format parquet",),
)
def export(
    run: Run,
    table: options.TableArgument,
    output: options.Output,
    format_: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
) -> Done:
    """Export an own table in clear to a file only you may read."""
    with run.progress(f"exporting {table}") as report:
        size = run.client.data.export(
            table,
            output,
            file_format=format_,
            progress=lambda done: report(f"exporting {table}: {human_size(done)}"),
        )
    return Done(done=f"{human_size(size)} written to {output}")


def _policy(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        document = json.loads(read_text(path))
    except ValueError:
        raise BadOption(f"--policy {path} is no JSON") from None
    if not isinstance(document, dict):
        raise BadOption(f"--policy {path} is no JSON object")
    return document
