"""How columns get to the computing nodes and results to the receivers, on the data link.

Each owner splits its arrays and sends every computing node one share of each. Results travel
the other way: every computing node sends its share to every receiver, who joins them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput

LABELS = "labels"  # the one variable that is not named after its owner

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.shares import Array
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task


def enter(
    task: Task, link: Link, arrays: Mapping[str, Array], machine: Machine | None
) -> list[str]:
    """Share this owner's arrays; at a computing node, take in everybody's.

    Args:
        task: the task.
        link: the data link.
        arrays: this owner's arrays by variable; empty at a party that owns nothing.
        machine: at a computing node, where variables go.

    Returns:
        Variables that are now set, at a computing node.
    """
    from hanse.compute.engines.shares import Sharing

    task.phase("share")
    nodes = task.parties("compute")
    mine: dict[str, bytes] = {}
    if task.is_in("owner"):
        sharing = machine.sharing if machine else Sharing(task.manifest.protocol)
        bundles: list[dict[str, bytes]] = [{} for _ in nodes]
        for name, array in arrays.items():
            for bundle, share in zip(bundles, sharing.split(array), strict=True):
                bundle[name] = share
        for alias, bundle in zip(nodes, bundles, strict=True):
            if alias == task.me:
                mine = bundle
            else:
                link.send(alias, msgspec.msgpack.encode(bundle))
    if machine is None:
        return []
    return _take(task, link, mine, machine)


def _take(task: Task, link: Link, mine: dict[str, bytes], machine: Machine) -> list[str]:
    names: list[str] = []
    for alias in task.parties("owner"):
        bundle = mine if alias == task.me else receive_shares(link, alias)
        for name, share in bundle.items():
            if name in names or not (name == LABELS or name.endswith(f"-{alias}")):
                raise BadInput(f"{alias} set a variable that is not its own")
            machine.put(name, share)
            names.append(name)
    return names


def receive_shares(link: Link, alias: str) -> dict[str, bytes]:
    """Shares by variable that another party sent.

    Raises:
        BadInput: when they are none.
    """
    try:
        return msgspec.msgpack.decode(link.receive(alias), type=dict[str, bytes])
    except msgspec.DecodeError as error:
        raise BadInput(f"what {alias} sent are no shares") from error


def open_results(
    task: Task, link: Link, names: Sequence[str], machine: Machine | None
) -> dict[str, Array]:
    """Open variables at the receivers; everybody else gets nothing.

    Returns:
        The opened arrays by variable, at a receiver; empty elsewhere.
    """
    from hanse.compute.engines.shares import Sharing

    task.phase("open")
    mine: dict[str, bytes] = {}
    if machine is not None:
        mine = {name: machine.get(name) for name in names}
        for alias in task.parties("receiver"):
            if alias != task.me:
                link.send(alias, msgspec.msgpack.encode(mine))
    if not task.is_in("receiver"):
        return {}
    bundles: list[dict[str, bytes]] = [
        mine if alias == task.me else receive_shares(link, alias)
        for alias in task.parties("compute")
    ]
    sharing = machine.sharing if machine else Sharing(task.manifest.protocol)
    return {name: sharing.join([bundle[name] for bundle in bundles]) for name in names}


def start_machine(task: Task) -> Machine | None:
    """The shared machine at a computing node, None elsewhere."""
    if not task.is_in("compute"):
        return None
    from hanse.compute.engines.spu import Machine

    link = task.link("compute", task.parties("compute"))
    task.phase("set up")
    return Machine(task.manifest.protocol, link, task.request.cache_dir)


def run_program(task: Task, machine: Machine, program: Program, phase: str) -> None:
    """Compile a program, or take it from the cache, and run it in the phase of that name."""
    task.phase("compile")
    ready, task.measures["from_cache"] = machine.load(program)
    task.phase(phase)
    machine.run(ready)


def same(facts: Mapping[str, Any], aliases: Sequence[str], name: str) -> Any:
    """A fact these parties must state alike, or None when they differ."""
    values = [facts[alias][name] for alias in aliases]
    return values[0] if all(value == values[0] for value in values) else None
