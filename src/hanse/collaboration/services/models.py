"""Models this node holds a part of: what steps made and kept here under a port of that kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import CommitmentMismatch
from hanse.collaboration.engine.inputs import Part
from hanse.collaboration.engine.records import ObjectRow
from hanse.collaboration.engine.views import FlowView, StepView
from hanse.collaboration.services.errors import ModelNotFound
from hanse.compute.operators.model import ModelPart
from hanse.compute.operators.retrieval.texts import FAMILY as RETRIEVAL
from hanse.contracts.evidence.queries import find_evidence
from hanse.contracts.services.queries import get_retirement
from hanse.core.errors import HanseError
from hanse.crypto.commitment import verify_opening
from hanse.crypto.errors import BadOpening

if TYPE_CHECKING:
    from hanse.compute.services.exposure import Exposure


REMEMBERED = 4096


@dataclass(frozen=True)
class ModelInfo:
    """A model, or a table set up for retrieval, as this node knows it.

    Attributes:
        name: flow's name and step, the same for each version.
        version: 1 for the oldest of that name this node holds.
        family: kind of model; empty when this release cannot read it.
        parties: DID by alias of those who hold a part.
        columns: columns of own tables that the own part needs.
        state: ``active`` or ``retired``.
    """

    flow: str
    step: str
    output: str
    name: str
    version: int
    operator: str
    family: str
    parties: dict[str, str]
    columns: list[str]
    state: str
    reason: str
    created_ms: int


class _Made(NamedTuple):
    """An output of a completed step, and what number it has among those of its name."""

    row: ObjectRow
    step: StepView
    name: str
    version: int


class Models:
    """Read-only answers about them.

    Args:
        ctx: the engine's parts.
    """

    def __init__(self, ctx: EngineContext) -> None:
        self._ctx = ctx
        # A part never changes, and may take long to decode; refusals are not remembered.
        self._described = lru_cache(REMEMBERED)(self._describe)
        self._exposed = lru_cache(REMEMBERED)(self._expose)

    def held(self) -> list[ModelInfo]:
        """All, oldest first; versions count by name."""
        return [self._info(made) for made in self._made()]

    def find(self, flow: str, step: str, output: str) -> ModelInfo:
        """One of them.

        Raises:
            ModelNotFound: this node holds no part of it.
        """
        place = (flow, step, output)
        for made in self._made():
            if (made.row.flow, made.row.step, made.row.port) == place:
                return self._info(made)
        raise ModelNotFound()

    def part(self, flow: str, step: str, output: str) -> Part:
        """The own part, seen to be what the ledger commits to.

        Raises:
            ModelNotFound: this node holds none.
            CommitmentMismatch: it is not the one this node put on record.
        """
        row = self._row(flow, step, output)
        state = self._ctx.ledger.state
        if FlowView.read(state, flow) is None:
            raise ModelNotFound()
        evidence = find_evidence(state, flow, step, row.attempt, self._ctx.did)
        items = evidence.items if evidence else []
        recorded = [i.commitment for i in items if i.kind == "output" and i.name == output]
        part = self._ctx.inputs.kept(row, output)
        try:
            verify_opening(self._ctx.ledger.suite, part.commitment, part.opening)
        except BadOpening as error:
            raise CommitmentMismatch("the part does not open its commitment") from error
        if recorded != [part.commitment] or not part.digest:
            raise CommitmentMismatch("this node's part of the model is not on the ledger")
        return part

    def read(self, flow: str, step: str, output: str) -> ModelPart | None:
        """The own part decoded; None when it is a set-up for retrieval.

        Raises:
            ModelNotFound: this node holds none, or this release cannot read it.
        """
        return self._read(self.part(flow, step, output).object_id)

    def exposure(self, flow: str, step: str, output: str, receiver: str) -> Exposure | None:
        """What scores give a receiver; None for a set-up for retrieval.

        Raises:
            ModelNotFound, CommitmentMismatch: as `part`, when it is looked at for the first time.
        """
        return self._exposed(flow, step, output, self._row(flow, step, output).attempt, receiver)

    def _expose(
        self, flow: str, step: str, output: str, attempt: int, receiver: str
    ) -> Exposure | None:
        del attempt  # which part it is: another attempt made another
        # Loaded where it is used: a node starts faster without every family of models.
        from hanse.compute.services.exposure import exposure_of

        part = self.read(flow, step, output)
        return None if part is None else exposure_of(part, receiver)

    def columns(self, part: ModelPart) -> list[str]:
        """Columns of own tables that a part needs; none where this node owns no columns."""
        from hanse.compute.operators.families import family_of

        return list(family_of(part.family).columns(part)) if self._ctx.did in part.widths else []

    def _read(self, object_id: str) -> ModelPart | None:
        data = self._ctx.store.get_bytes(object_id)
        try:
            if msgspec.msgpack.decode(data, type=_Family).family == RETRIEVAL:
                return None
            return msgspec.msgpack.decode(data, type=ModelPart)
        except msgspec.DecodeError as error:
            raise ModelNotFound("this release cannot read the model") from error

    def _row(self, flow: str, step: str, output: str) -> ObjectRow:
        for row in self._newest(flow):
            if (row.step, row.port) == (step, output):
                return row
        raise ModelNotFound()

    def _newest(self, flow: str) -> list[ObjectRow]:
        rows: dict[tuple[str, str], ObjectRow] = {}
        for row in self._ctx.journal.objects(flow):
            place = (row.step, row.port)
            if place not in rows or rows[place].attempt < row.attempt:
                rows[place] = row
        return list(rows.values())

    def _made(self) -> list[_Made]:
        """What completed steps made, oldest first; no model is read for it."""
        rows = [
            row
            for flow in self._ctx.journal.flows()
            for row in self._newest(flow)
            if row.kind == "model"
        ]
        seen: dict[str, int] = {}
        found = []
        for row in sorted(rows, key=lambda row: row.created_ms):
            view = FlowView.read(self._ctx.ledger.state, row.flow)
            step = view.step(row.step) if view else None
            record = step.record if step else None
            if step is None or record is None or record.state != "COMPLETED":
                continue
            name = f"{step.flow.record.name}/{row.step}"
            seen[name] = seen.get(name, 0) + 1
            found.append(_Made(row, step, name, seen[name]))
        return found

    def _info(self, made: _Made) -> ModelInfo:
        row, step = made.row, made.step
        retired = get_retirement(step.flow.state, row.flow, row.step, row.port)
        family, columns = self._known(row.object_id)
        return ModelInfo(
            flow=row.flow,
            step=row.step,
            output=row.port,
            name=made.name,
            version=made.version,
            operator=step.spec.operator,
            family=family,
            parties={alias: step.flow.spec.parties[alias] for alias in step.parties},
            columns=list(columns),
            state="retired" if retired else "active",
            reason=retired.reason if retired else "",
            created_ms=row.created_ms,
        )

    def _known(self, object_id: str) -> tuple[str, tuple[str, ...]]:
        try:
            return self._described(object_id)
        except HanseError:
            return "", ()

    def _describe(self, object_id: str) -> tuple[str, tuple[str, ...]]:
        part = self._read(object_id)
        return (RETRIEVAL, ()) if part is None else (part.family, tuple(self.columns(part)))


class _Family(msgspec.Struct):
    family: str
