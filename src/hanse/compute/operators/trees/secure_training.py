"""SecureBoost-style training: the holder of the label chooses, sums come from shares.

Per level, the holder shares the gradients of right children with the computing nodes, which
multiply them with the other owners' answers and send it their shares of the sums; it tells the
owners of chosen splits which rows are in the node and is told which of them go right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadInput
from hanse.compute.operators.model import model_id, new_part
from hanse.compute.operators.sharing import enter, start_machine
from hanse.compute.operators.trees import model
from hanse.compute.operators.trees.board import SharedBoard
from hanse.compute.operators.trees.boosting import CANDIDATES
from hanse.compute.operators.trees.clear import Holder, Split
from hanse.compute.operators.trees.entering import Own, Plan, agreed, prepare

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.checkpoint_files import Saved
    from hanse.compute.worker.task import Task

Bits = npt.NDArray[np.bool_]


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """What the holder asks the owner of a split: its candidate, where in the model, which rows."""

    candidate: int
    position: int
    gain: float
    rows: bytes


class Training:
    """One party's state.

    Attributes:
        splits: at an owner: its candidate by position in the model.
        gains: at an owner: total gain by candidate.
    """

    def __init__(self, task: Task, link: Link, plan: Plan, own: Own | None) -> None:
        self.task, self.link, self.plan, self.own = task, link, plan, own
        self.splits: dict[int, int] = {}
        self.gains = np.zeros(plan.widths.get(task.me, 0))
        self.nodes = task.parties("compute")
        self.others = [alias for alias in plan.widths if alias != plan.holder]
        self.width = sum(plan.widths[alias] for alias in self.others)
        self.machine = start_machine(task)
        self.board = SharedBoard(self.machine, task.manifest.code) if self.machine else None
        self.holds = task.me == plan.holder
        self.holder: Holder | None = None
        if own is not None and own.labels is not None:
            self.holder = Holder(plan.settings, plan.scaling, plan.shapes, own.labels, own.start)

    def share_answers(self) -> None:
        """The other owners' answers go to the computing nodes as shares."""
        arrays: dict[str, Any] = {}
        if self.own is not None and not self.holds and self.own.block.shape[1]:
            arrays[f"x-{self.task.me}"] = self.own.block.astype(np.int64)
        enter(self.task, self.link, arrays, self.machine)
        if self.board is None or not self.width:
            return
        widths = self.plan.widths
        blocks = {f"x-{alias}": widths[alias] for alias in self.others if widths[alias]}
        self.board.join(blocks, CANDIDATES, self.plan.shapes.all_rows)

    def restore(self, saved: Saved) -> None:
        """Go on from a checkpoint; computing nodes change nothing from tree to tree."""
        if self.own is None:
            return
        self.splits = dict(saved.state["splits"])
        self.gains = np.frombuffer(saved.shares["gains"]).copy()
        if self.holder is not None:
            self.holder.restore(saved.shares, saved.state)

    def _keep(self, trees: int) -> None:
        """Keep a checkpoint at an owner, when one is due."""
        checkpoint = self.task.checkpoint
        if self.own is None or not checkpoint.due(trees):
            return
        held: dict[str, bytes] = {"gains": self.gains.tobytes()}
        state: dict[str, Any] = {"splits": list(self.splits.items())}
        if self.holder is not None:
            scores, judged = self.holder.state()
            held, state = held | scores, state | judged
        checkpoint.save(trees, held, **state)

    def grow(self, done: int) -> int:
        """Grow all trees but those that are done; returns how many are kept."""
        settings = self.plan.settings
        for tree in range(done, settings.trees):
            if self.holder is not None:
                self.holder.begin(tree)
            for level in range(settings.depth):
                self._level(tree, level)
            stop = self._said_by_holder(self.holder.end() if self.holder is not None else None)
            if not stop:
                self._keep(tree + 1)
            self.task.progress(tree + 1, settings.trees)
            if stop:
                return max(tree + 1 - settings.patience, 1)
        return settings.trees

    def _said_by_holder(self, stop: bool | None) -> bool:
        if stop is None:
            return self.link.receive(self.plan.holder) == b"stop"
        for alias in self.task.participants:
            if alias != self.task.me:
                self.link.send(alias, b"stop" if stop else b"on")
        return stop

    def _level(self, tree: int, level: int) -> None:
        """Sums, choice and routing of one level, each party its part."""
        sums = self._sums(level)
        if self.holder is not None:
            splits = self.holder.choose(self._in_order(sums))
            self.holder.send_on(self._ask_all(splits, tree, level))
        elif self.task.is_in("owner"):
            asked = _decoded(self.link.receive(self.plan.holder), list[Asked])
            answers = [self._answer(each) for each in asked]
            self.link.send(self.plan.holder, msgspec.msgpack.encode(answers))

    def _sums(self, level: int) -> Any:
        """Sums right of the other owners' candidates, opened at the holder; None elsewhere."""
        count = max(2, 1 << level)
        masked = self.holder.masked() if self.holder is not None else None
        if not self.width:
            return np.zeros((count, 0), np.int64) if self.holds else None
        mine: bytes = b""
        if masked is not None:
            mine = self._share(masked)
        if self.machine is not None and self.board is not None:
            given = mine if self.holds else self.link.receive(self.plan.holder)
            self.machine.put("masked", given)
            self.board.secret("masked", "int64", (count, self.plan.shapes.all_rows))
            self.board.product("masked", CANDIDATES, "right", (count, self.width))
            mine = self.machine.get("right")
            if not self.holds:
                self.link.send(self.plan.holder, mine)
        return self._opened(mine) if self.holds else None

    def _share(self, array: Any) -> bytes:
        """Share an array of the holder's with the computing nodes; returns its own share."""
        mine = b""
        for alias, share in zip(self.nodes, self._sharing().split(array), strict=True):
            if alias == self.task.me:
                mine = share
            else:
                self.link.send(alias, share)
        return mine

    def _opened(self, mine: bytes) -> Any:
        me = self.task.me
        shares = [mine if alias == me else self.link.receive(alias) for alias in self.nodes]
        return self._sharing().join(shares)

    def _sharing(self) -> Any:
        from hanse.compute.engines.shares import Sharing

        return self.machine.sharing if self.machine else Sharing(self.task.manifest.protocol)

    def _in_order(self, others: Any) -> Any:
        """The others' sums and the holder's own, by owner in the order of all."""
        if self.own is None or self.holder is None:
            raise BadInput("only the holder of the label chooses")
        masked = self.holder.masked().astype(np.float64)  # exact: sums stay below 2^53
        own = np.rint(masked @ self.own.block.astype(np.float64)).astype(np.int64)
        parts, at = [], 0
        for alias, width in self.plan.widths.items():
            if alias == self.plan.holder:
                parts.append(own)
            else:
                parts.append(others[:, at : at + width])
                at += width
        return np.concatenate(parts, axis=1)

    def _ask_all(self, splits: list[Split], tree: int, level: int) -> dict[int, Bits]:
        """Have every split answered by its owner; what the rows of each split node answer."""
        if self.holder is None:
            raise BadInput("only the holder of the label asks")
        questions: dict[str, list[Asked]] = {alias: [] for alias in self.plan.widths}
        nodes: dict[str, list[int]] = {alias: [] for alias in self.plan.widths}
        first = tree * ((1 << self.plan.settings.depth) - 1) + (1 << level) - 1
        for split in splits:
            alias, candidate = self._owner_of(split.candidate)
            rows = np.packbits(self.holder.rows_in(split.node)).tobytes()
            questions[alias].append(Asked(candidate, first + split.node, split.gain, rows))
            nodes[alias].append(split.node)
        for alias in self.others:
            self.link.send(alias, msgspec.msgpack.encode(questions[alias]))
        answers: dict[int, Bits] = {}
        for alias, asked in questions.items():
            if alias == self.task.me:
                said = [self._answer(each) for each in asked]
            else:
                said = _decoded(self.link.receive(alias), list[bytes])
            for node, bits in zip(nodes[alias], said, strict=True):
                answers[node] = _unpacked(bits, int(self.holder.rows_in(node).sum()))
        return answers

    def _owner_of(self, candidate: int) -> tuple[str, int]:
        for alias, width in self.plan.widths.items():
            if candidate < width:
                return alias, candidate
            candidate -= width
        raise BadInput("no such candidate")

    def _answer(self, asked: Asked) -> bytes:
        """Note one's own split; which of the node's rows go right."""
        if self.own is None or not 0 <= asked.candidate < self.own.block.shape[1]:
            raise BadInput("asked for a split this party does not have")
        self.splits[asked.position] = asked.candidate
        self.gains[asked.candidate] += asked.gain
        rows = _unpacked(asked.rows, self.plan.shapes.all_rows)
        return np.packbits(self.own.block[rows, asked.candidate] > 0).tobytes()

    def share_weights(self) -> dict[str, bytes]:
        """The holder shares leaf weights and start; this computing node's shares of them."""
        mine: dict[str, bytes] = {}
        values: dict[str, Any] = {"weights": None, "start": None}
        if self.holder is not None and self.own is not None:
            values["weights"] = np.stack(self.holder.weights)
            values["start"] = np.asarray([self.own.start], np.float32)
        for name, value in values.items():
            if value is not None:
                mine[name] = self._share(value)
            elif self.machine is not None:
                mine[name] = self.link.receive(self.plan.holder)
        return mine if self.machine is not None else {}


def train(task: Task) -> None:
    """This party's part of the training."""
    link = task.link("data", task.participants)
    held: list[Own | None] = []

    def check() -> dict[str, Any]:
        own, fact = prepare(task)
        held.append(own)
        return fact

    plan = agreed(task, task.agree(link, check))
    training = Training(task, link, plan, held[0])
    resumed = task.checkpoint.resume(link, task.parties("owner"))
    training.share_answers()
    task.phase("train")
    if resumed is not None:
        training.restore(resumed)
    kept = training.grow(resumed.number if resumed else 0)
    shares = training.share_weights()
    if training.board is not None:
        spent = training.board.seconds
        task.measures["train_seconds"] = {name: round(s, 3) for name, s in spent.items()}
    task.phase("store")
    _keep(training, kept, shares)
    task.measures.update(rows=plan.shapes.rows, candidates=plan.shapes.width, trees=kept)
    task.finish()


def _keep(training: Training, kept: int, shares: dict[str, bytes]) -> None:
    """Store this party's part of the model, and an owner's importance report."""
    task, plan, own = training.task, training.plan, training.own
    last = kept * ((1 << plan.settings.depth) - 1)
    splits = {at: candidate for at, candidate in training.splits.items() if at < last}
    part = new_part(
        task,
        plan.widths,
        family=model.family_name("secure-boost", plan.settings.binary),
        settings={
            "trees": kept,
            "depth": plan.settings.depth,
            "holder": task.manifest.party(plan.holder).did,
        },
        shares=shares,
        scale=own.scale if own else None,
        own=msgspec.msgpack.encode(model.Owned(own.buckets, splits)) if own else b"",
    )
    dropped = own.buckets.dropped if own else []
    task.keep_bytes("model", part, {"model": model_id(task), "dropped": dropped})
    if own is not None:
        report = model.importance(own.buckets, training.gains, 1.0)
        task.keep_bytes("importance", msgspec.json.encode(report), {})


def _decoded(data: bytes, kind: Any) -> Any:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput("what the other side sent does not decode") from error


def _unpacked(data: bytes, count: int) -> Bits:
    """Packed bits.

    Raises:
        BadInput: when there are fewer than ``count``.
    """
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    if not 0 <= len(bits) - count < 8:
        raise BadInput("the other side answered for another number of rows")
    return bits[:count].astype(np.bool_)
