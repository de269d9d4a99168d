"""Running an own algorithm: agree on package and columns, trace, compute, open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.algorithms.program import compile_program, evaluate, trace
from hanse.compute.operators.own.opening import Opened, facts_of, open_package, settle
from hanse.compute.operators.reports.row_results import row_names
from hanse.compute.operators.sharing import enter, open_results, start_machine

ENGINES = {"plain": "plain", "tdx": "tee", "software": "tee"}

if TYPE_CHECKING:
    from hanse.compute.algorithms.sandbox.jobs import Traced
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task


def run_shared(task: Task) -> None:
    """Under MPC. Computing nodes trace before any share is made."""
    link = task.link("data", task.participants)
    opened, rows, holders = agree_on_package(task, link)
    traced: list[Traced] = []
    task.agree(link, lambda: _trace(task, opened, rows, traced))
    machine = start_machine(task)
    mine = {f"{name}-{task.me}": array for name, array in opened.arrays.items()}
    enter(task, link, mine, machine)
    names = {name: f"out-{name}" for name in sorted(opened.package.manifest.outputs)}
    if machine is not None:
        variables = [f"{name}-{owner}" for name, owner in sorted(holders.items())]
        _compute(task, machine, traced[0], variables, list(names.values()))
    values = open_results(task, link, list(names.values()), machine)
    if values:
        keep_outputs(task, opened, rows, {name: values[v] for name, v in names.items()})
    task.measures["rows"] = rows
    task.finish()


def run_plain(task: Task) -> None:
    """In plaintext in a sandbox at the one owner, which sends the outputs to the receivers."""
    if len(task.participants) == 1:
        opened = open_package(task)
        keep_outputs(task, opened, *_evaluated(task, opened))
        return
    link = task.link("data", task.participants)
    opened, rows, _ = agree_on_package(task, link)
    values: dict[str, Any] = {}
    task.agree(link, lambda: values.update(_evaluated(task, opened)[1]))
    task.phase("open")
    if task.is_in("owner"):
        sent = pack_outputs(values)
        for alias in task.parties("receiver"):
            if alias != task.me:
                link.send(alias, sent)
    if task.is_in("receiver"):
        if not task.is_in("owner"):
            (owner,) = task.parties("owner")
            values = read_outputs(opened, rows, link.receive(owner), owner)
        keep_outputs(task, opened, rows, values)
    task.measures["rows"] = rows
    task.finish()


def agree_on_package(
    task: Task, link: Link, besides: Callable[[], None] = lambda: None
) -> tuple[Opened, int, dict[str, str]]:
    """The package, the rows, and which owner brings each input; before anything leaves.

    Args:
        task: the task.
        link: the data link.
        besides: what else this party checks.
    """
    found: list[Opened] = []

    def check() -> dict[str, Any]:
        found.append(open_package(task))
        besides()
        return facts_of(task, found[0])

    facts = task.agree(link, check)
    return found[0], *settle(task, found[0], facts)


def _trace(task: Task, opened: Opened, rows: int, traced: list[Traced]) -> None:
    if task.is_in("compute"):
        traced.append(trace(opened.package, rows, opened.settings, task.request.cache_dir))


def _compute(
    task: Task, machine: Machine, traced: Traced, inputs: list[str], outputs: list[str]
) -> None:
    task.phase("compile")
    ready = compile_program(traced, inputs, outputs)
    machine.require_same(ready)
    task.phase("compute")
    machine.run(ready)


def _evaluated(task: Task, opened: Opened) -> tuple[int, dict[str, Any]]:
    if not task.is_in("owner"):
        return 0, {}
    task.phase("compute")
    rows = task.table("table").rows
    _require_all(opened)
    traced = trace(opened.package, rows, opened.settings, task.request.cache_dir)
    return rows, evaluate(traced, opened.arrays, opened.package.manifest)


def _require_all(opened: Opened) -> None:
    from hanse.compute.errors import NoSuchColumn

    for name, (_, column) in opened.sources.items():
        if name not in opened.arrays:
            raise NoSuchColumn(f"no owner has the column {column!r}")


def pack_outputs(values: dict[str, Any]) -> bytes:
    """Outputs in plaintext, for `read_outputs` at a receiver."""
    return msgspec.msgpack.encode(
        {name: np.ascontiguousarray(value, np.float64).tobytes() for name, value in values.items()}
    )


def read_outputs(opened: Opened, rows: int, data: bytes, alias: str) -> dict[str, Any]:
    """Outputs by name, float64, in the shapes the manifest declares.

    Raises:
        BadInput: when they are none.
    """
    from hanse.compute.errors import BadInput

    outputs = opened.package.manifest.outputs
    try:
        sent = msgspec.msgpack.decode(data, type=dict[str, bytes])
        return {
            name: np.frombuffer(sent[name], np.float64).reshape(output.extents(rows))
            for name, output in outputs.items()
        }
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise BadInput(f"what {alias} sent are not the outputs") from error


def keep_outputs(task: Task, opened: Opened, rows: int, values: dict[str, Any]) -> None:
    """At a receiver: values per row as a table, the others in the report."""
    import pyarrow as pa

    from hanse.data.batches import ArrowTable

    task.phase("store")
    if not task.is_in("receiver"):
        return
    manifest = opened.package.manifest
    by_row = [name for name, output in manifest.outputs.items() if output.shape == "rows"]
    if by_row:
        held, keys = row_names(task, np.arange(rows))
        for name in by_row:
            column = name if name not in held.column_names else f"{name}_out"
            held = held.append_column(column, pa.array(np.asarray(values[name], np.float64)))
        task.keep_table("rows", ArrowTable(held.combine_chunks()), {"key_columns": keys})
    report = {
        "algorithm": manifest.reference,
        "fingerprint": task.text("fingerprint"),
        "engine": ENGINES.get(task.manifest.protocol, "spu"),
        "protocol": task.manifest.protocol,
        "rows": rows,
        "settings": opened.settings,
        "outputs": {
            name: np.asarray(values[name], np.float64).tolist()
            for name in manifest.outputs
            if name not in by_row
        },
    }
    task.keep_bytes("report", msgspec.json.encode(report), {})
