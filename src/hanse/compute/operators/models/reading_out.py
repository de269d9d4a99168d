"""How coefficients leave a shared model: each owner's slice to that owner alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.errors import BadInput, OutOfRange
from hanse.compute.operators.family import recipe_of
from hanse.compute.operators.model import ModelPart, facts_of, read_part
from hanse.compute.operators.models.entering import Floats
from hanse.compute.operators.models.errors import NotByNewton
from hanse.compute.operators.models.families import NEWTON, own_of
from hanse.compute.operators.sharing import enter, receive_shares, same, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.shares import Array
    from hanse.compute.engines.spu import Machine
    from hanse.compute.worker.task import Task

LARGEST_REACH = 16


class Units(msgspec.Struct, frozen=True):
    """From an owner's whitened columns back to its columns in their own units.

    Attributes:
        matrix: columns by whitened columns: coefficients are ``matrix @ weights``.
        shift: what the intercept loses: ``shift @ weights``.
    """

    matrix: Floats
    shift: Floats

    @property
    def reach(self) -> int:
        """The shift is no longer than two to this power."""
        length = float(np.linalg.norm(self.shift))
        return max(0, int(np.ceil(np.log2(length)))) if length > 0.0 else 0


def units_of(part: ModelPart) -> Units:
    """Of the owner that holds this part."""
    features, white = recipe_of(part).features, own_of(part).white
    if white is None or not features:
        return Units(np.zeros((0, 0)), np.zeros(0))
    matrix = np.asarray(white.matrix)
    deviations = np.array([feature.deviation for feature in features])
    centres = np.array([feature.mean for feature in features]) / deviations + white.means
    return Units(matrix / deviations[:, None], centres @ matrix)


class Reading(msgspec.Struct):
    """A reading under way.

    Attributes:
        link: the data link.
        part: this party's part of the model; None at a mere receiver.
        widths: whitened columns of each owner that has any, by alias, in the order of the model.
        counts: columns likewise.
        reach: greatest of all owners.
        rows: of the training.
        machine: at a computing node.
        facts: what every party said of its part.
    """

    link: Link
    part: ModelPart | None
    widths: dict[str, int]
    counts: dict[str, int]
    reach: int
    rows: int
    machine: Machine | None
    facts: dict[str, Any]


def begin(
    task: Task,
    arrays: Callable[[Units], dict[str, Floats]],
    check: Callable[[ModelPart], None],
    *,
    tested: bool,
) -> Reading:
    """See that the parts belong together, and share what owners enter.

    Args:
        task: an operator with the input ``model``.
        arrays: what an owner enters, by kind.
        check: an owner's further checks.
        tested: whether the covariance is needed.

    Raises:
        NotByNewton: for another model.
        OutOfRange: when columns lie too far from zero for their deviation.
    """
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        if not (task.is_in("owner") or task.is_in("compute")):
            return {}
        held["part"] = part = read_part(task)
        if part.family != NEWTON or (tested and not part.settings.get("tested")):
            raise NotByNewton("the model was not trained as this step needs it")
        if not task.is_in("owner"):
            return facts_of(part)
        check(part)
        units = units_of(part)
        if units.reach > LARGEST_REACH:
            raise OutOfRange("columns lie too far from zero for how much they vary")
        held["arrays"] = {f"{kind}-{task.me}": each for kind, each in arrays(units).items()}
        return {**facts_of(part), "columns": len(units.matrix), "reach": units.reach}

    facts = task.agree(link, prepare)
    holders = list(dict.fromkeys(task.parties("owner") + task.parties("compute")))
    told = ("model", "family", "widths", "settings")
    if any(same(facts, holders, name) is None for name in told):
        raise BadInput("the parties hold parts of different models")
    owners = task.parties("owner")
    machine = start_machine(task)
    enter(task, link, held.get("arrays", {}), machine)
    part = held.get("part")
    if machine is not None and part is not None:
        for name, share in part.variables.items():
            machine.put(name, share)
    aliases = {task.manifest.party(alias).did: alias for alias in owners}
    widths = {aliases[did]: int(width) for did, width in facts[owners[0]]["widths"] if width}
    return Reading(
        link=link,
        part=part,
        widths=widths,
        counts={alias: int(facts[alias]["columns"]) for alias in widths},
        reach=max(int(facts[alias]["reach"]) for alias in owners),
        rows=int(facts[owners[0]]["settings"]["rows"]),
        machine=machine,
        facts=facts,
    )


def open_for(task: Task, reading: Reading, names: Mapping[str, Sequence[str]]) -> dict[str, Array]:
    """Open variables, each at the parties that may see it and nowhere else.

    Args:
        task: the task.
        reading: with a machine at computing nodes.
        names: variables by the alias that learns them.

    Returns:
        This party's, by variable.
    """
    from hanse.compute.engines.shares import Sharing

    task.phase("open")
    link, machine, wanted = reading.link, reading.machine, names.get(task.me, ())
    mine: dict[str, bytes] = {}
    if machine is not None:
        mine = {name: machine.get(name) for name in wanted}
        for alias, asked in names.items():
            if alias != task.me:
                share = {name: machine.get(name) for name in asked}
                link.send(alias, msgspec.msgpack.encode(share))
    if task.me not in names:
        return {}
    bundles = [
        mine if alias == task.me else receive_shares(link, alias)
        for alias in task.parties("compute")
    ]
    sharing = machine.sharing if machine else Sharing(task.manifest.protocol)
    return {name: sharing.join([bundle[name] for bundle in bundles]) for name in wanted}
