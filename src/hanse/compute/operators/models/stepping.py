"""Train a logistic regression on shares by Newton's method."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.errors import BadParameter, OutOfRange
from hanse.compute.operators.models.chunks import LARGEST_STEP, MOVES, padded
from hanse.compute.operators.models.descending import class_weights
from hanse.compute.operators.models.entering import Agreed, Floats, Held, agree_on, bring
from hanse.compute.operators.models.families import NEWTON
from hanse.compute.operators.models.linear import MOST_COLUMNS, MOST_ROW_BITS, keep
from hanse.compute.operators.models.methods import Method
from hanse.compute.operators.models.whitening import LIMIT
from hanse.compute.operators.schedule import LARGEST_PRODUCT
from hanse.compute.operators.sharing import LABELS, enter, run_program, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Input, Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

FIRST, INVERSE, COVARIANCE, OFF = "first", "inverse", "covariance", "off"


def train(task: Task, method: Method) -> None:
    """This party's part: share whitened columns, step, keep a part of the model."""
    if task.integer("patience"):
        raise BadParameter("'patience' is of the solver descent; newton needs a few steps only")
    link = task.link("data", task.participants)
    held, l2 = Held(), task.decimal("l2")
    brought = functools.partial(bring, task, "binary", held, white=True, l2=l2)
    agreed = agree_on(task, task.agree(link, brought))
    check_range(agreed, task.integer("rounds") * MOVES)
    machine = start_machine(task)
    enter(task, link, arrays(task.me, method, agreed, held, l2), machine)
    shares: dict[str, bytes] = {}
    if machine is not None:
        shares = Steps(task, method, agreed, machine).run(link)
    known = {"rows": agreed.rows, "tested": tested(method, l2)}
    keep(task, agreed, held, NEWTON, shares, **known)
    task.finish()


def tested(method: Method, l2: float) -> bool:
    """Whether standard errors are those of maximum likelihood."""
    return not method.weighted and l2 == 0.0


def check_range(agreed: Agreed, steps: int) -> None:
    """Refuse what could let a product wrap around: a step moves a coefficient by at most 4.

    Raises:
        OutOfRange: when there are too many rows, columns or steps.
    """
    farthest = (agreed.columns + 1) * LIMIT * LARGEST_STEP * steps
    many = agreed.rows > 1 << MOST_ROW_BITS or agreed.columns > MOST_COLUMNS
    if many or farthest >= LARGEST_PRODUCT:
        raise OutOfRange("so many rows, columns or steps could leave the range of the arithmetic")


def arrays(alias: str, method: Method, agreed: Agreed, held: Held, l2: float) -> dict[str, Floats]:
    """What an owner shares; rows with zeros at the end."""
    out: dict[str, Floats] = {}
    more = padded(agreed.rows) - agreed.rows
    if agreed.widths.get(alias):
        out[f"x-{alias}"] = _filled(held.block, more)
        if l2 and held.own.white is not None:
            out[f"penalty-{alias}"] = penalties(held.own.white.matrix, l2)
    if held.labels is not None:
        out[LABELS] = _filled(held.labels, more)
        if method.weighted:
            weights = class_weights(held.labels, method.ratio)
            out[f"rows-{alias}"] = _filled(weights / weights.max(), more)
            if l2:
                out[f"shrink-{alias}"] = np.array([1.0 / weights.max()], np.float32)
    return out


def penalties(matrix: list[list[float]], l2: float) -> Floats:
    """The penalty on prepared columns, as one on whitened ones: it stays diagonal."""
    return np.asarray(l2 * np.sum(np.square(matrix), axis=0), np.float32)


def _filled(array: Floats, more: int) -> Floats:
    zeros = np.zeros((more, *array.shape[1:]), np.float32)
    return np.concatenate([array.astype(np.float32), zeros])


class Steps:
    """The steps at a computing node."""

    def __init__(self, task: Task, method: Method, agreed: Agreed, machine: Machine) -> None:
        self._task, self._method, self._agreed = task, method, agreed
        self._machine = machine
        self._width = agreed.columns + 1
        self._tested = tested(method, task.decimal("l2"))

    def run(self, link: Link) -> dict[str, bytes]:
        """Train; returns this node's shares of the variables."""
        task, machine = self._task, self._machine
        self._start(link)
        run_program(task, machine, self._program("begin", [], [FIRST]), "begin")
        task.phase("compile")
        step, _ = machine.load(self._program("step", [LABELS, "weights", INVERSE], ["weights"]))
        renew, _ = machine.load(self._program("renew", ["weights", FIRST], [INVERSE]))
        task.phase("train")
        machine.put(INVERSE, machine.get(FIRST))
        rounds = task.integer("rounds")
        for number in range(1, rounds + 1):
            if number > 1:
                machine.run(renew)
            machine.run(step)
            task.progress(number, rounds)
        kept = ["weights"]
        if self._tested:
            kept = ["weights", COVARIANCE, OFF]
            last = self._program("covariance", ["weights", FIRST], [COVARIANCE, OFF])
            run_program(task, machine, last, "covariance")
        return {name: machine.get(name) for name in kept}

    def _start(self, link: Link) -> None:
        """Zeros as secret values: the first computing node shares them."""
        from hanse.compute.engines.spu import share_known

        nodes, machine = self._task.parties("compute"), self._machine
        zeros = np.zeros(self._width, np.float32)
        machine.put("weights", share_known(link, nodes, machine.sharing, zeros))

    def _program(self, name: str, more: list[str], outputs: list[str]) -> Program:
        from hanse.compute.engines.programs import Program

        static = {"blocks": len(self._widths()), "rows": self._agreed.rows}
        if name != "covariance":
            static |= {"weighted": int(self._method.weighted), "penalised": self._penalised}
        inputs = self._blocks() if name == "covariance" else [*self._blocks(), *self._extras()]
        return Program(
            name=f"newton-{name}",
            load=functools.partial(_load, name),
            static=static,
            inputs=[*inputs, *(self._variable(each) for each in more)],
            outputs=outputs,
            release=self._task.manifest.code,
        )

    @property
    def _penalised(self) -> int:
        return int(self._task.decimal("l2") > 0.0)

    def _widths(self) -> dict[str, int]:
        return {alias: width for alias, width in self._agreed.widths.items() if width}

    def _blocks(self) -> list[Input]:
        from hanse.compute.engines.programs import Input

        return [
            Input(f"x-{alias}", "float32", (self._rows, width))
            for alias, width in self._widths().items()
        ]

    def _extras(self) -> list[Input]:
        from hanse.compute.engines.programs import Input

        holder, out = self._agreed.holder, []
        if self._method.weighted:
            out.append(Input(f"rows-{holder}", "float32", (self._rows,)))
        if self._penalised:
            out += [Input(f"penalty-{a}", "float32", (w,)) for a, w in self._widths().items()]
            if self._method.weighted:
                out.append(Input(f"shrink-{holder}", "float32", (1,)))
        return out

    @property
    def _rows(self) -> int:
        return padded(self._agreed.rows)

    def _variable(self, name: str) -> Input:
        from hanse.compute.engines.programs import Input

        square = (self._width, self._width)
        shapes = {LABELS: (self._rows,), FIRST: square, INVERSE: square}
        return Input(name, "float32", shapes.get(name, (self._width,)))


def _load(name: str) -> Any:
    from hanse.compute.operators.models import newton

    return getattr(newton, name)
