"""Train a model on shares by mini-batch gradient descent, with early stopping."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.operators.models.entering import Agreed, Floats, Held, agree_on, bring
from hanse.compute.operators.models.linear import keep
from hanse.compute.operators.models.methods import Method
from hanse.compute.operators.schedule import Schedule, check_range, make_schedule
from hanse.compute.operators.sharing import LABELS, enter, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.checkpoint_files import Saved
    from hanse.compute.worker.task import Task

# More would let single rows rule a batch; with 65,536 rows a batch it also bounds the sums.
LARGEST_WEIGHT = 100.0
WORST_LOSS = 1e6
FELL, LEAST = "fell", "least"


def train(task: Task, method: Method) -> None:
    """This party's part: share columns, descend, keep a part of the model."""
    link = task.link("data", task.participants)
    held = Held()
    brought = functools.partial(
        bring, task, method.label, held, white=method.white, l2=task.decimal("l2")
    )
    agreed = agree_on(task, task.agree(link, brought))
    schedule = make_schedule(
        agreed.rows,
        task.integer("batch_size"),
        task.integer("epochs"),
        task.decimal("learning_rate"),
        method.final,
    )
    check_range(schedule, agreed.columns * method.range_factor, task.decimal("momentum"))
    machine = start_machine(task)
    resumed = task.checkpoint.resume(link, task.parties("compute"))
    order = schedule.order(task.integer("seed").to_bytes(8, "big"))
    arrays = shared(task.me, method, agreed, held, order)
    staying = stay(task, method, agreed)
    kept = {name: arrays.pop(name) for name in staying if name in arrays}
    enter(task, link, arrays, machine)
    if machine is not None:
        for name, (owner, width) in staying.items():
            empty = np.zeros((len(order), width), np.float32)
            machine.put_private(name, kept.get(name, empty), owner)
    shares: dict[str, bytes] = {}
    if machine is not None:
        shares = Descent(task, method, agreed, schedule, machine).run(link, resumed)
    known = dict(method.settings)
    if agreed.classes:
        known["classes"] = agreed.classes
    if agreed.exposure:
        known["exposure"] = task.manifest.party(agreed.exposure).did
    keep(task, agreed, held, method.family, shares, **known)
    task.finish()


def stay(task: Task, method: Method, agreed: Agreed) -> dict[str, tuple[int, int]]:
    """Columns that are not shared but stay with their owner: under CHEETAH, if it computes.

    Products of shares with what one node knows need one of two ciphertext products.

    Returns:
        Rank of the owner among the computing nodes and number of columns, by variable.
    """
    if task.manifest.protocol != "cheetah" or not method.linear:
        return {}
    ranks = {alias: rank for rank, alias in enumerate(task.parties("compute"))}
    return {
        f"x-{alias}": (ranks[alias], width)
        for alias, width in agreed.widths.items()
        if width and alias in ranks
    }


def shared(alias: str, method: Method, agreed: Agreed, held: Held, order: Any) -> dict[str, Floats]:
    """What an owner shares, in training order; the validation rows in their own order."""
    out: dict[str, Floats] = {}
    if agreed.widths.get(alias):
        out[f"x-{alias}"] = held.block[order]
        if "x" in held.checked:
            out[f"check-{alias}"] = held.checked["x"]
    if held.labels is not None:
        out[LABELS] = as_shared(held.labels, agreed)[order]
        if method.weighted:
            out[f"weights-{alias}"] = class_weights(held.labels, method.ratio)[order]
        if "y" in held.checked:
            out[f"check-labels-{alias}"] = as_shared(held.checked["y"], agreed)
    if held.offset is not None:
        out[f"offset-{alias}"] = held.offset[order]
        if "offset" in held.checked:
            out[f"check-offset-{alias}"] = held.checked["offset"]
    return out


def as_shared(labels: Floats, agreed: Agreed) -> Floats:
    """Labels as float32; several classes as one column each."""
    if not agreed.classes:
        return labels.astype(np.float32)
    return np.eye(len(agreed.classes), dtype=np.float32)[labels]


def class_weights(labels: Floats, ratio: float = 0.0) -> Floats:
    """``ratio`` for rows labelled 1 and 1 for others; without one, rows over classes over rows
    of the class (scikit-learn's ``balanced``), at most 100."""
    if ratio:
        return np.where(labels == 1, ratio, 1.0).astype(np.float32)
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights = len(labels) / (len(counts) * counts)
    return np.minimum(weights, LARGEST_WEIGHT).astype(np.float32)[place]


class Descent:
    """The epochs at a computing node."""

    def __init__(
        self, task: Task, method: Method, agreed: Agreed, schedule: Schedule, machine: Machine
    ) -> None:
        self._task, self._method, self._agreed = task, method, agreed
        self._schedule, self._machine = schedule, machine
        self._start = method.start(agreed)
        self._names = list(self._start)
        self._moves = [f"move-{name}" for name in self._names]
        self._best = [f"best-{name}" for name in self._names]
        self._patience = task.integer("patience")

    def run(self, link: Link, resumed: Saved | None) -> dict[str, bytes]:
        """Train, from the beginning or a checkpoint; returns this node's shares of the model."""
        task, machine = self._task, self._machine
        if resumed is None:
            self._begin(link)
        else:
            machine.restore(resumed.shares)
        task.phase("compile")
        ready, task.measures["from_cache"] = machine.load(self._epoch())
        judge = machine.load(self._judge())[0] if self._patience else None
        task.phase("train")
        self._epochs(ready, judge, resumed)
        names = self._best if self._patience else self._names
        return {n: machine.get(kept) for n, kept in zip(self._names, names, strict=True)}

    def _epochs(self, ready: Any, judge: Any, resumed: Saved | None) -> None:
        """All epochs that are not done; ``judge`` is None without early stopping."""
        task, machine, rates = self._task, self._machine, self._schedule.rates
        number, idle = (resumed.number, resumed.state["idle"]) if resumed else (0, 0)
        while number < len(rates) and not (judge is not None and idle >= self._patience):
            machine.put_public("rate", np.asarray(rates[number], np.float32))
            machine.run(ready)
            number += 1
            if judge is not None:
                machine.run(judge)
                idle = 0 if bool(machine.open(FELL)[0]) else idle + 1
            if task.checkpoint.due(number):
                task.checkpoint.save(number, machine.shares(self._kept()), idle=idle)
            task.progress(number, len(rates))
        task.measures["epochs"] = number

    def _kept(self) -> list[str]:
        """Variables the epochs change."""
        judged = [*self._best, LEAST] if self._patience else []
        return [*self._names, *self._moves, *judged]

    def _begin(self, link: Link) -> None:
        """Set the variables as they are before the first epoch."""
        start = list(self._start.values())
        self._set(link, self._start)
        self._set(link, {m: np.zeros_like(v) for m, v in zip(self._moves, start, strict=True)})
        if self._patience:
            best = dict(zip(self._best, start, strict=True))
            self._set(link, {**best, LEAST: np.array([WORST_LOSS], np.float32)})

    def _set(self, link: Link, values: dict[str, Floats]) -> None:
        """Known values as secret ones: the first computing node shares them."""
        from hanse.compute.engines.spu import share_known

        nodes, machine = self._task.parties("compute"), self._machine
        for name, value in values.items():
            known = value.astype(np.float32)
            machine.put(name, share_known(link, nodes, machine.sharing, known))

    def _extras(self) -> list[str]:
        """Arrays beside columns and labels: row weights or exposures."""
        names = [f"weights-{self._agreed.holder}"] if self._method.weighted else []
        return names + ([f"offset-{self._agreed.exposure}"] if self._agreed.exposure else [])

    def _epoch(self) -> Program:
        from hanse.compute.engines.programs import Input, Program

        task, rows = self._task, self._schedule.steps * self._schedule.batch
        widths = {alias: width for alias, width in self._agreed.widths.items() if width}
        state = [*self._names, *self._moves]
        return Program(
            name=f"epoch-{self._method.family}",
            load=functools.partial(_load_epoch, self._method),
            static={
                **self._method.static,
                "blocks": len(widths),
                "extras": len(self._extras()),
                "batch": self._schedule.batch,
                "momentum": task.decimal("momentum"),
                "l2": task.decimal("l2"),
                "cut": self._method.cut,
                "apart": bool(stay(task, self._method, self._agreed)),
            },
            inputs=[
                *(Input(f"x-{a}", "float32", (rows, width)) for a, width in widths.items()),
                Input(LABELS, "float32", (rows, *self._label_shape())),
                *(Input(name, "float32", (rows,)) for name in self._extras()),
                *self._variables(state),
                Input("rate", "float32", (), secret=False),
            ],
            outputs=state,
            release=task.manifest.code,
        )

    def _judge(self) -> Program:
        from hanse.compute.engines.programs import Input, Program

        rows, agreed = self._agreed.checked, self._agreed
        widths = {alias: width for alias, width in agreed.widths.items() if width}
        offset = [f"check-offset-{agreed.exposure}"] if agreed.exposure else []
        return Program(
            name=f"judge-{self._method.family}",
            load=functools.partial(_load_judge, self._method),
            static={**self._method.static, "blocks": len(widths), "extras": len(offset)},
            inputs=[
                *(Input(f"check-{a}", "float32", (rows, width)) for a, width in widths.items()),
                Input(f"check-labels-{agreed.holder}", "float32", (rows, *self._label_shape())),
                *(Input(name, "float32", (rows,)) for name in offset),
                *self._variables([*self._names, *self._best]),
                Input(LEAST, "float32", (1,)),
            ],
            outputs=[FELL, LEAST, *self._best],
            release=self._task.manifest.code,
        )

    def _label_shape(self) -> tuple[int, ...]:
        return (len(self._agreed.classes),) if self._agreed.classes else ()

    def _variables(self, names: Sequence[str]) -> list[Any]:
        from hanse.compute.engines.programs import Input

        shapes = [self._start[name].shape for name in self._names] * 2
        return [Input(n, "float32", shape) for n, shape in zip(names, shapes, strict=True)]


def _load_epoch(method: Method) -> Any:
    from hanse.compute.operators.models.descent import epoch

    return functools.partial(epoch, slopes=method.load()[0])


def _load_judge(method: Method) -> Any:
    from hanse.compute.operators.models.descent import judge

    return functools.partial(judge, loss=method.load()[1])
