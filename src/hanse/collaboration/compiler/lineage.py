"""Order of steps, and who holds each artifact by which role.

An artifact such as ``align.table`` is one name for several parts: each owner holds its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hanse.collaboration.language.errors import FlowCycle, FlowUnknownReference
from hanse.collaboration.language.tree import FlowDocument, Reference, StepDeclaration


@dataclass(frozen=True)
class Artifact:
    """Data or an output of a step.

    Attributes:
        kind: table, model, report, scores or ids.
        holders: aliases by role (owner, compute, receiver), each in the flow's order.
        level: highest data level that went into it (1 to 5).
        data: names under `data` it descends from.
        columns: of a table, the granted fields it can contain, by holder.
        rows: how many a published table has; None when that is not known.
    """

    kind: str
    holders: dict[str, tuple[str, ...]]
    level: int
    data: tuple[str, ...]
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int | None = None


def in_order(document: FlowDocument) -> list[StepDeclaration]:
    """Steps such that each comes after those it uses; otherwise as written.

    Raises:
        FlowUnknownReference: an input names no data and no step.
        FlowCycle: naming the steps that wait for each other.
    """
    steps = {step.id: step for step in document.steps}
    needs = {step.id: _needed(document, steps, step) for step in document.steps}
    ordered: list[StepDeclaration] = []
    done: set[str] = set()
    while len(ordered) < len(steps):
        ready = next((s for s in document.steps if s.id not in done and needs[s.id] <= done), None)
        if ready is None:
            raise _cycle(steps, needs, done)
        ordered.append(ready)
        done.add(ready.id)
    return ordered


def _needed(
    document: FlowDocument, steps: dict[str, StepDeclaration], step: StepDeclaration
) -> set[str]:
    needed = set()
    for port, reference in step.inputs.items():
        if not reference.step:
            if reference.name not in document.data and reference.name not in document.models:
                raise _unknown(step, port, reference)
        elif reference.step not in steps:
            raise _unknown(step, port, reference)
        else:
            needed.add(reference.step)
    return needed


def _unknown(step: StepDeclaration, port: str, reference: Reference) -> FlowUnknownReference:
    what = "step" if reference.step else "data or model"
    name = reference.step or reference.name
    return FlowUnknownReference(
        f"input {port!r} of step {step.id!r} is {reference.text!r}, "
        f"but the flow has no {what} {name!r}",
        line=reference.line,
    )


def _cycle(
    steps: dict[str, StepDeclaration], needs: dict[str, set[str]], done: set[str]
) -> FlowCycle:
    waiting = next(step for step in steps if step not in done)
    path = [waiting]
    while True:
        following = next(s for s in sorted(needs[path[-1]]) if s not in done)
        if following in path:
            loop = [*path[path.index(following) :], following]
            return FlowCycle(" → ".join(loop), line=steps[following].line)
        path.append(following)
