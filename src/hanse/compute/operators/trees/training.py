"""Train boosted trees on shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.operators.model import model_id, new_part
from hanse.compute.operators.sharing import enter, start_machine
from hanse.compute.operators.trees import model
from hanse.compute.operators.trees.board import SharedBoard, open_among
from hanse.compute.operators.trees.boosting import (
    CANDIDATES,
    LABELS,
    MODEL,
    SCORES,
    Run,
    start_judging,
)
from hanse.compute.operators.trees.entering import Own, Plan, agreed, prepare
from hanse.compute.operators.trees.keeping import Keeper

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.checkpoint_files import Saved
    from hanse.compute.worker.task import Task

START = "start"


def train(task: Task) -> None:
    """This party's part: share answers, grow trees, keep a part of the model."""
    link = task.link("data", task.participants)
    held: list[Own | None] = []

    def check() -> dict[str, Any]:
        own, fact = prepare(task)
        held.append(own)
        return fact

    plan = agreed(task, task.agree(link, check))
    machine = start_machine(task)
    resumed = task.checkpoint.resume(link, task.parties("compute"))
    enter(task, link, _arrays(task, held[0]), machine)
    held[0] = _light(held[0])
    board = SharedBoard(machine, task.manifest.code) if machine is not None else None
    grown = _grow(task, plan, board, resumed) if board is not None else 0
    kept = link.exchange(grown)[task.parties("compute")[0]]
    gains = _open_gains(task, link, plan, board)
    task.phase("store")
    _keep(task, plan, held[0], machine, int(kept), gains)
    task.measures.update(rows=plan.shapes.rows, candidates=plan.shapes.width, trees=int(kept))
    task.finish()


def _arrays(task: Task, own: Own | None) -> dict[str, Any]:
    """What this owner shares: its answers and, at the holder of the label, that and the start."""
    if own is None:
        return {}
    arrays: dict[str, Any] = {}
    if own.block.shape[1]:
        arrays[f"x-{task.me}"] = own.block.astype(np.int64)
    if own.labels is not None:
        arrays[LABELS] = own.labels
        arrays[f"{SCORES}-{task.me}"] = np.full(len(own.labels), own.start, np.float32)
        arrays[f"{START}-{task.me}"] = np.asarray([own.start], np.float32)
    return arrays


def _light(own: Own | None) -> Own | None:
    """The same without the rows, which are shared by now."""
    if own is None:
        return None
    return Own(own.buckets, np.empty((0, 0), np.int32), None, own.start, own.scale)


def _grow(task: Task, plan: Plan, board: SharedBoard, resumed: Saved | None) -> int:
    """Grow the trees at this computing node; returns how many were kept."""
    task.phase("train")
    shapes, machine = plan.shapes, board.machine
    blocks = {f"x-{alias}": width for alias, width in plan.widths.items() if width}
    machine.put(SCORES, machine.get(f"{SCORES}-{plan.holder}"))
    for name in (SCORES, LABELS):
        board.secret(name, "float32", (shapes.all_rows,))
    board.join(blocks, CANDIDATES, shapes.all_rows)
    start_judging(board)
    keeper = Keeper(task.checkpoint, plan, board)
    if resumed is not None:
        keeper.restore(resumed)

    def stop(name: str) -> bool:
        return bool(open_among(machine.link, machine, name))

    run = Run(board, plan.settings, plan.scaling, shapes, stop, task.progress)
    kept = run.grow(resumed.number if resumed else 0, keeper.after)
    task.measures["from_cache"] = board.from_cache
    task.measures["train_seconds"] = {name: round(s, 3) for name, s in board.seconds.items()}
    return kept


def _open_gains(task: Task, link: Link, plan: Plan, board: SharedBoard | None) -> Any:
    """Open to each owner the gains of its own candidates; None when not asked for."""
    if not task.parameters["importance"]:
        return None
    task.phase("open")
    from hanse.compute.engines.shares import Sharing

    mine: bytes = b""
    if board is not None:
        at = 0
        for alias, width in plan.widths.items():
            board.run("part_of", ["gains"], {"own": ("float32", (width,))}, at=at, width=width)
            at += width
            if alias == task.me:
                mine = board.machine.get("own")
            else:
                link.send(alias, board.machine.get("own"))
    if not task.is_in("owner"):
        return None
    nodes = task.parties("compute")
    shares = [mine if alias == task.me else link.receive(alias) for alias in nodes]
    sharing = board.machine.sharing if board else Sharing(task.manifest.protocol)
    return sharing.join(shares)


def _keep(
    task: Task, plan: Plan, own: Own | None, machine: Machine | None, kept: int, gains: Any
) -> None:
    """Store this party's part of the model, and an owner's importance report."""
    shares = {}
    if machine is not None:
        shares = {name: machine.get(name) for name in MODEL}
        shares[START] = machine.get(f"{START}-{plan.holder}")
    part = new_part(
        task,
        plan.widths,
        family=model.family_name("boosted-trees", plan.settings.binary),
        settings={
            "trees": kept,
            "depth": plan.settings.depth,
            "holder": task.manifest.party(plan.holder).did,
        },
        shares=shares,
        scale=own.scale if own else None,
        own=msgspec.msgpack.encode(model.Owned(own.buckets)) if own else b"",
    )
    dropped = own.buckets.dropped if own else []
    task.keep_bytes("model", part, {"model": model_id(task), "dropped": dropped})
    if own is not None:
        report = model.importance(own.buckets, gains, plan.scaling.unit)
        task.keep_bytes("importance", msgspec.json.encode(report), {})
