"""Rounds of counting: an owner shares a block, the nodes count, the owner opens the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput
from hanse.compute.operators.features.packing import Bins, Counts, Packing, indicators
from hanse.compute.operators.sharing import LABELS, receive_shares

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.shares import Sharing
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

COUNTED = ("events", "rows")


class Rounds:
    """Blocks of indicators, one after the other: shared, counted, opened to their owner."""

    def __init__(
        self, task: Task, link: Link, machine: Machine | None, packing: Packing, rows: int
    ) -> None:
        self._task, self._link, self._machine = task, link, machine
        self._packing, self._rows = packing, rows
        self._ready: Any = None

    def run(self, blocks: Mapping[str, int], bins: Bins) -> list[tuple[Counts, Counts]]:
        """Counts of this owner's blocks; empty at a party that has none.

        Args:
            blocks: how many each owner brings, by alias.
            bins: this owner's, as for `indicators`.
        """
        from hanse.compute.engines.shares import Sharing

        task = self._task
        if self._machine is not None:
            task.phase("compile")
            program = _program(task, self._rows, self._packing)
            self._ready, task.measures["from_cache"] = self._machine.load(program)
        task.phase("count")
        found = []
        done, total = 0, sum(blocks.values())
        for owner, number in blocks.items():
            mine = indicators(bins, self._packing, self._rows) if owner == task.me else None
            sharing = Sharing(task.manifest.protocol) if mine is not None else None
            for _ in range(number):
                if mine is not None and sharing is not None:
                    found.append(self._lead(sharing, next(mine)))
                elif self._machine is not None:
                    self._serve(self._machine, owner)
                done += 1
                task.progress(done, total)
        return found

    def _lead(self, sharing: Sharing, block: Counts) -> tuple[Counts, Counts]:
        """Share a block and open what was counted: at its owner."""
        task, nodes = self._task, self._task.parties("compute")
        shares = dict(zip(nodes, sharing.split(block), strict=True))
        for alias in nodes:
            if alias != task.me:
                self._link.send(alias, shares[alias])
        mine = self._counted(self._machine, shares[task.me]) if self._machine else {}
        bundles = [mine if alias == task.me else self._received(alias) for alias in nodes]
        events, rows = (sharing.join([bundle[name] for bundle in bundles]) for name in COUNTED)
        return events, rows

    def _serve(self, machine: Machine, owner: str) -> None:
        """Count another's block and send it this node's shares of the counts."""
        counted = self._counted(machine, self._link.receive(owner))
        self._link.send(owner, msgspec.msgpack.encode(counted))

    def _counted(self, machine: Machine, share: bytes) -> dict[str, bytes]:
        machine.put("block", share)
        machine.run(self._ready)
        return {name: machine.get(name) for name in COUNTED}

    def _received(self, alias: str) -> dict[str, bytes]:
        bundle = receive_shares(self._link, alias)
        if set(bundle) != set(COUNTED):
            raise BadInput(f"what {alias} sent are not the shares of two results")
        return bundle


def _program(task: Task, rows: int, packing: Packing) -> Program:
    from hanse.compute.engines.programs import Input, Program

    return Program(
        name="event-counts",
        load=_load,
        static={
            "bits": packing.bits,
            "digits": packing.digits,
            "least": task.integer("minimum_bin_rows"),
        },
        inputs=[
            Input("block", "int64", (rows, packing.width)),
            Input(LABELS, "int64", (1, rows)),
        ],
        outputs=list(COUNTED),
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.features.counting import event_counts

    return event_counts
