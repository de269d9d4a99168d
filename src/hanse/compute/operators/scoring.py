"""What `evaluate` and `predict` share: score rows on shares, open the scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadInput, TooManyScores
from hanse.compute.operators.agreement import agreed_rows, require_rows
from hanse.compute.operators.families import family_of
from hanse.compute.operators.family import LINKS, Target
from hanse.compute.operators.model import ModelPart, Scale, facts_of, read_part
from hanse.compute.operators.sharing import enter, open_results, run_program, same, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.programs import Program
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

SCORES = "scores"


class Opened(msgspec.Struct, frozen=True):
    """Scores as a receiver has them.

    Attributes:
        model: what all parties know of the model.
        scores: as opened, (rows,) or (rows, outputs).
        scale: of a number label, or of points.
    """

    model: ModelPart
    scores: npt.NDArray[np.float64]
    scale: Scale = Scale()

    @property
    def target(self) -> Target:
        """What the model predicts."""
        return family_of(self.model.family).target

    @property
    def classes(self) -> list[str]:
        """Names of the classes, for a model of several."""
        return [str(name) for name in self.model.settings.get("classes", [])]

    def predictions(self) -> npt.NDArray[np.float64]:
        """Probabilities, or numbers in the label's own units; shaped as the scores."""
        linked = LINKS[family_of(self.model.family).link](self.scores)
        return np.asarray(linked * self.scale.deviation + self.scale.mean)


class Session(msgspec.Struct):
    """A scoring under way: what was agreed, and at a computing node the machine.

    Attributes:
        link: the data link.
        model: this party's part of the model, or what others told of it.
        rows: rows to score.
        machine: at a computing node, with all arrays set.
    """

    link: Link
    model: ModelPart
    rows: int
    machine: Machine | None


def open_scores(
    task: Task, check: Callable[[ModelPart | None], None], most: int = 0
) -> Opened | None:
    """Scores of the input rows, at a receiver; None elsewhere.

    Args:
        task: an operator with the inputs ``model`` and ``table``.
        check: this party's further checks of its part before anything leaves.
        most: rows that may be scored; 0 for any number.
    """
    session = begin(task, check, most)
    if session.machine is not None:
        scoring = program(task, session.model, session.rows)
        run_program(task, session.machine, scoring, "score")
    opened = open_results(task, session.link, [SCORES], session.machine)
    scale = tell_scale(task, session)
    task.measures["rows"] = session.rows
    if not opened:
        return None
    scores, scaled = np.asarray(opened[SCORES], np.float64), family_of(session.model.family).scaled
    if scaled is None:
        return Opened(session.model, scores, scale)
    scale = scaled(session.model)
    return Opened(session.model, (scores - scale.mean) / scale.deviation, scale)


def begin(task: Task, check: Callable[[ModelPart | None], None], most: int = 0) -> Session:
    """Check the parts against each other, share the owners' arrays, set the model's variables.

    Raises:
        TooManyScores: at every party, before anything is shared.
    """
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        fact: dict[str, Any] = {}
        if task.is_in("owner") or task.is_in("compute"):
            held["part"] = part = read_part(task)
            family_of(part.family)
            fact = facts_of(part)
        if task.is_in("owner"):
            held["arrays"] = _arrays(task, part)
            fact["rows"] = task.table("table").rows
        check(held.get("part"))
        return fact

    facts = task.agree(link, prepare)
    require_one_model(task, facts)
    rows = agreed_rows(task, facts)
    if most and rows > most:
        raise TooManyScores(f"more rows than the {most} that may be scored")
    machine = start_machine(task)
    enter(task, link, held.get("arrays", {}), machine)
    model = held.get("part") or told_model(task, facts)
    if machine is not None:
        for name, share in model.variables.items():
            machine.put(name, share)
    return Session(link, model, rows, machine)


def entered_names(task: Task, part: ModelPart) -> list[tuple[str, str, tuple[int, ...]]]:
    """Arrays the owners enter: kind, variable, shape behind the rows; by kind, then by owner."""
    family = family_of(part.family)
    by_did = {task.manifest.party(alias).did: alias for alias in task.parties("owner")}
    found = [
        (kind, f"{kind}-{by_did[did]}", shape)
        for did in part.widths
        for kind, shape in family.entered(part, did).items()
    ]
    kinds = list(dict.fromkeys(kind for kind, _, _ in found))
    return sorted(found, key=lambda entry: kinds.index(entry[0]))


def program(task: Task, part: ModelPart, rows: int) -> Program:
    """The scoring program for so many rows."""
    from hanse.compute.engines.programs import Input, Program

    family = family_of(part.family)
    arrays = [
        Input(variable, family.dtype(kind), (rows, *shape))
        for kind, variable, shape in entered_names(task, part)
    ]
    state = [
        Input(name, family.dtype(name), shape) for name, shape in family.variables(part).items()
    ]
    return Program(
        name=f"score-{part.family}",
        load=family.load,
        static=family.static(part),
        inputs=[*arrays, *state],
        outputs=[SCORES],
        release=task.manifest.code,
    )


def tell_scale(task: Task, session: Session) -> Scale:
    """The holder of a number label tells the receivers its scale."""
    holder = str(session.model.settings.get("holder", ""))
    aliases = [a for a in task.parties("owner") if task.manifest.party(a).did == holder]
    if not aliases or family_of(session.model.family).target != "number":
        return Scale()
    if task.me == aliases[0]:
        scale = session.model.scale or Scale()
        _send(session.link, task.parties("receiver"), scale)
        return scale
    if not task.is_in("receiver"):
        return Scale()
    return _received_scale(session.link.receive(aliases[0]), aliases[0])


def _send(link: Link, aliases: Sequence[str], scale: Scale) -> None:
    for alias in aliases:
        if alias != link.me:
            link.send(alias, msgspec.json.encode(scale))


def _received_scale(data: bytes, alias: str) -> Scale:
    try:
        return msgspec.json.decode(data, type=Scale)
    except msgspec.DecodeError as error:
        raise BadInput(f"what {alias} sent is no scale") from error


def _arrays(task: Task, part: ModelPart) -> dict[str, Any]:
    """This owner's arrays by variable."""
    table = task.table("table")
    require_rows(task)
    family = family_of(part.family)
    granted = {column.name for column in task.readable("table")}
    for name in family.columns(part):
        if name not in granted:
            raise BadInput(f"the column {name!r}, which the model needs, was not granted")
    return {f"{kind}-{task.me}": array for kind, array in family.prepare(part, table).items()}


def require_one_model(task: Task, facts: dict[str, Any]) -> None:
    """Refuse parts that do not belong together."""
    holders = list(dict.fromkeys(task.parties("owner") + task.parties("compute")))
    if any(same(facts, holders, name) is None for name in ("model", "family", "widths")):
        raise BadInput("the parties hold parts of different models")
    if same(facts, holders, "settings") is None:
        raise BadInput("the parties hold parts of different models")


def told_model(task: Task, facts: dict[str, Any]) -> ModelPart:
    """The model as a receiver without a part of it knows it."""
    fact = facts[task.parties("owner")[0]]
    return ModelPart(
        family=fact["family"],
        model=fact["model"],
        protocol=task.manifest.protocol,
        nodes=[],
        widths=dict(fact["widths"]),
        settings=fact["settings"],
    )
