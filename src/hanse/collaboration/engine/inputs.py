"""This node's own parts of a step's inputs: found, and checked against the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from hanse.collaboration.engine.errors import CommitmentMismatch, DataNotHere
from hanse.collaboration.engine.journal import Journal
from hanse.collaboration.engine.offers import ledger_commitment
from hanse.collaboration.engine.records import ObjectRow
from hanse.collaboration.engine.views import StepView
from hanse.collaboration.ports import DatasetPort, StorePort
from hanse.compute.operators import TABLE_KINDS
from hanse.compute.worker.request import ObjectRef
from hanse.contracts.flows.types import PinnedModel
from hanse.contracts.services.queries import require_in_use
from hanse.crypto.commitment import Opening, verify_opening
from hanse.crypto.errors import BadOpening
from hanse.crypto.suite import Suite


@dataclass(frozen=True)
class Part:
    """A part of an input that this node brings.

    Attributes:
        commitment: hex, as the ledger has it.
        columns: those that may be read; empty for all.
        meta: what the import, or the step that made it, left with it.
        shape: rows, and columns that may be read, of a table; zeros for other kinds.
    """

    port: str
    object_id: str
    kind: str
    commitment: str
    opening: Opening
    columns: tuple[str, ...]
    meta: dict[str, Any]
    shape: tuple[int, int] = (0, 0)

    @property
    def digest(self) -> str:
        """Content digest the commitment is to, hex."""
        value = self.opening.value
        return str(value.get("digest", "")) if isinstance(value, dict) else str(value)

    def reference(self, store: StorePort) -> ObjectRef:
        """What a worker is handed; it checks the content against the opening while reading."""
        location = store.locate(self.object_id)
        return ObjectRef(
            path=location.path,
            key=location.key.hex(),
            kind=self.kind,  # type: ignore[arg-type]
            digest=self.digest,
            opening=msgspec.to_builtins(self.opening),
            columns=list(self.columns),
            meta=self.meta,
        )

    def unopened(self, store: StorePort) -> ObjectRef:
        """The same for a session that commits to no inputs: the worker checks the digest."""
        return msgspec.structs.replace(self.reference(store), opening={})


class Inputs:
    """Finds own parts. The content itself is checked by the worker before every use."""

    def __init__(
        self, suite: Suite, store: StorePort, datasets: DatasetPort, journal: Journal
    ) -> None:
        self._suite = suite
        self._store = store
        self._datasets = datasets
        self._journal = journal

    def own_parts(self, step: StepView, alias: str) -> dict[str, Part]:
        """Parts this node holds, by input port.

        Raises:
            DataNotHere: an object is gone.
            CommitmentMismatch: the opening kept here is not of the ledger's commitment.
        """
        parts = {}
        for port in step.spec.inputs:
            if alias in step.holders(port):
                part = self._part(step, port)
                self._check(step, part, alias)
                parts[port] = part
        return parts

    def _part(self, step: StepView, port: str) -> Part:
        name, dot, output = step.spec.inputs[port].partition(".")
        if dot:
            return self._made(step, port, name, output)
        if name in step.flow.spec.data:
            return self._own(step, port, name)
        return self._earlier(step, port, step.flow.pinned.models[name])

    def _own(self, step: StepView, port: str, name: str) -> Part:
        use = step.flow.spec.data[name]
        stored = self._datasets.dataset(use.dataset)
        if stored is None:
            raise DataNotHere(f"the dataset of data {name!r} is not at this node")
        commitment = step.flow.pinned.data[name].commitment
        return Part(
            port, stored.object_id, "table", commitment, stored.opening, tuple(use.fields),
            stored.meta, self._shape(stored.object_id, len(use.fields)),
        )  # fmt: skip

    def _made(self, step: StepView, port: str, producer: str, output: str) -> Part:
        made = step.flow.step(producer)
        record = made.record if made else None
        attempt = record.attempt if record else 0
        rows = self._journal.objects(step.flow.record.id, producer, attempt)
        row = next((row for row in rows if row.port == output), None)
        if row is None or record is None or record.state != "COMPLETED":
            raise DataNotHere(f"this node's part of {producer}.{output} is not here")
        require_in_use(step.flow.state, step.flow.record.id, producer, output)
        return self.kept(row, port)

    def _earlier(self, step: StepView, port: str, model: PinnedModel) -> Part:
        """A part of a model that an earlier flow made."""
        rows = self._journal.objects(model.flow, model.step, model.attempt)
        row = next((row for row in rows if row.port == model.output), None)
        if row is None:
            raise DataNotHere(
                f"this node's part of {model.step}.{model.output} of {model.flow} is not here"
            )
        if row.kind != step.operator.inputs[port].kind:
            raise DataNotHere(f"{model.step}.{model.output} of {model.flow} is a {row.kind}")
        require_in_use(step.flow.state, model.flow, model.step, model.output)
        return self.kept(row, port)

    def kept(self, row: ObjectRow, port: str) -> Part:
        """An output of an earlier step as a part of an input."""
        opening = msgspec.convert(row.secret.opening, Opening)
        shape = self._shape(row.object_id) if row.kind in TABLE_KINDS else (0, 0)
        return Part(
            port, row.object_id, row.kind, row.commitment, opening, (), row.secret.meta, shape
        )

    def _shape(self, object_id: str, columns: int = 0) -> tuple[int, int]:
        table = self._store.open_table(object_id)
        return table.rows, columns or len(table.columns)

    def _check(self, step: StepView, part: Part, alias: str) -> None:
        if part.commitment != ledger_commitment(step, part.port, alias):
            raise CommitmentMismatch(f"this node's part of {part.port!r} is not on the ledger")
        try:
            verify_opening(self._suite, part.commitment, part.opening)
        except BadOpening as error:
            raise CommitmentMismatch(
                f"this node's part of {part.port!r} does not open its commitment"
            ) from error
        if not part.digest:  # an empty digest would mean the worker checks nothing
            raise CommitmentMismatch(f"the commitment to {part.port!r} holds no content digest")
        self._store.locate(part.object_id)
