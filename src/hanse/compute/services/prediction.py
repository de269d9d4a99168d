"""Scores for ids, on a machine that stays open.

The owners' features lie at their owners, prepared once when the service opens. The receiver names
ids; each owner looks them up in its own table and shares the features of just these rows; the
computing nodes score on shares and the scores are opened to the receiver alone.

**Leaks**: every owner of features and every computing node learns which ids are asked for and
when. If an owner's table lacks one of them all parties learn that, though not which. The receiver
learns the scores, see `hanse.compute.services.exposure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadInput
from hanse.compute.operators.families import family_of
from hanse.compute.operators.model import ModelPart, facts_of, read_part
from hanse.compute.operators.predict import columns_of
from hanse.compute.operators.scoring import (
    SCORES,
    Opened,
    Session,
    program,
    require_one_model,
    tell_scale,
    told_model,
)
from hanse.compute.operators.sharing import enter, open_results, start_machine
from hanse.compute.services import AT_ONCE
from hanse.compute.services.keys import Index
from hanse.compute.services.rounds import Keys, run_rounds
from hanse.compute.worker.serving import Ready

if TYPE_CHECKING:
    from hanse.compute.services.desk import Desk
    from hanse.compute.worker.task import Task

SIZES = (1, 8, AT_ONCE["prediction"])
"""Rows of the programs that are compiled; a round is filled up to the next."""


def serve(task: Task, desk: Desk) -> None:
    """This party's part of the service, until it is closed."""
    side = Predicting(task)
    desk.say(Ready())
    run_rounds(task, desk, side.session.link, side)


class Features:
    """An owner's prepared columns and where each id's row is."""

    def __init__(self, task: Task, part: ModelPart) -> None:
        family = family_of(part.family)
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._index: Index | None = None
        wanted = list(family.columns(part))
        if wanted:
            if not task.has("table"):
                raise BadInput("this owner has bound no table of features to the service")
            table = task.table("table")
            self._arrays = family.prepare(part, table)
            self._index = Index(table, task.meta("table")["key_columns"])

    def check(self, keys: Keys) -> None:
        """Refuse ids the table lacks."""
        if self._index is not None:
            self._index.rows_of(keys)

    def arrays(self, keys: Keys, size: int, alias: str) -> dict[str, npt.NDArray[Any]]:
        """Prepared rows by variable, filled up to ``size`` rows with the first."""
        if self._index is None:
            return {}
        rows = self._index.rows_of(keys)
        rows += rows[:1] * (size - len(rows))
        return {f"{kind}-{alias}": array[rows] for kind, array in self._arrays.items()}


class Predicting:
    """One party's part: loaded when the service opens."""

    at_once = AT_ONCE["prediction"]
    tells_keys = True

    def __init__(self, task: Task) -> None:
        self._task = task
        link = task.link("data", task.participants)
        part: ModelPart | None = None
        self._features: Features | None = None

        def prepare() -> dict[str, Any]:
            nonlocal part
            if not (task.is_in("owner") or task.is_in("compute")):
                return {}
            part = read_part(task)
            family_of(part.family)
            if task.is_in("owner"):
                self._features = Features(task, part)
            return facts_of(part)

        facts = task.agree(link, prepare)
        require_one_model(task, facts)
        model = part or told_model(task, facts)
        machine = start_machine(task)
        if machine is not None:
            for name, share in model.variables.items():
                machine.put(name, share)
        self.session = Session(link, model, 0, machine)
        self._scale = tell_scale(task, self.session)
        self._programs: dict[int, Any] = {}
        for size in SIZES:
            self._program(size)

    def check(self, keys: Keys) -> None:
        """Refuse ids this owner lacks."""
        if self._features is not None:
            self._features.check(keys)

    def answer(self, uses: int, keys: Keys) -> list[Any]:
        """Score; one object of named predictions for each id at the receiver."""
        task, session = self._task, self.session
        size = next(size for size in SIZES if size >= uses)
        arrays = self._features.arrays(keys, size, task.me) if self._features else {}
        enter(task, session.link, arrays, session.machine)
        if session.machine is not None:
            session.machine.run(self._program(size))
        opened = open_results(task, session.link, [SCORES], session.machine)
        if not opened:
            return []
        scores = np.asarray(opened[SCORES], np.float64)[:uses]
        columns = columns_of(Opened(session.model, scores, self._scale))
        values = [np.asarray(column).tolist() for column in columns.values()]
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]

    def rest(self) -> None:
        """Nothing to prepare."""

    def _program(self, size: int) -> Any:
        machine = self.session.machine
        if machine is not None and size not in self._programs:
            ready, _ = machine.load(program(self._task, self.session.model, size))
            self._programs[size] = ready
        return self._programs.get(size)
