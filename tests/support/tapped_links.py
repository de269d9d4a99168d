"""Steps whose links are recorded, and what was found on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from leak_search import Needles, search
from recording_proxy import Recorder
from secret_tables import KEY, extremes, make_tables, needles_of
from tapped_rehearsal import TappedRehearsal

from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, outputs_of
from hanse.compute.worker import ObjectRef
from hanse.data.tables import Table

OWNERS: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner"]}
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
    "helper": ["compute"],
}
TWO: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
}
APART: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner"],
    "helper": ["compute"],
    "other": ["compute"],
}


@contextmanager
def listening(folder: Path, **limits: Any) -> Iterator[TappedRehearsal]:
    """A rehearsal whose links are recorded; what it kept is erased in the end."""
    with Recorder() as recorder:
        rehearsal = TappedRehearsal(folder, recorder, deadline_ms=240_000, **limits)
        yield rehearsal
        rehearsal.clear()


class Links:
    """The plaintext of a step's links by ``link caller>callee``."""

    def __init__(self, recorder: Recorder, operator: str) -> None:
        self.by_label: dict[str, list[bytes]] = {}
        for recording in list(recorder.recordings):
            name, _, label = recording.label.partition(" ")
            if name == operator:
                kept = self.by_label.setdefault(label, [])
                kept += [bytes(recording.sent), bytes(recording.returned)]
        recorder.recordings.clear()

    def bytes_sent(self, label: str) -> int:
        return sum(map(len, self.by_label[label]))

    def findings(self, needles: Needles) -> dict[str, set[str]]:
        """What was found, by link; links with no finding are left out."""
        found = {label: search(needles, kept) for label, kept in self.by_label.items()}
        return {label: names for label, names in found.items() if names}


def table_of(rehearsal: TappedRehearsal, reference: ObjectRef) -> Table:
    return Table(reference.path, bytes.fromhex(reference.key), rehearsal.suite)


def successful(done: dict[str, Outcome]) -> dict[str, Outcome]:
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    return done


async def align(rehearsal: TappedRehearsal, left: pa.Table, right: pa.Table) -> dict[str, Outcome]:
    inputs = {
        "left": {"bank": rehearsal.enter(left, key_columns=[KEY])},
        "right": {"merchant": rehearsal.enter(right, key_columns=[KEY])},
    }
    parameters = {"left_key": KEY, "right_key": KEY}
    return successful(await rehearsal.run("align", OWNERS, inputs, parameters))


async def aligned_parts(
    rehearsal: TappedRehearsal,
) -> tuple[dict[str, ObjectRef], list[float], Needles]:
    """Aligned tables, the ranges in the merchant's, and everything else in both."""
    bank, merchant = make_tables()
    parts = outputs_of(await align(rehearsal, bank, merchant), "table")
    Links(rehearsal.recorder, "align")
    aligned = [table_of(rehearsal, part).to_arrow() for part in parts.values()]
    ranges = list(extremes(aligned[1]))
    secret = needles_of([bank, merchant, *aligned], but=[*ranges, *extremes(aligned[0])])
    return parts, ranges, secret


async def rehearsal_step(
    rehearsal: TappedRehearsal,
    operator: str,
    roles: dict[str, list[Role]],
    inputs: dict[str, dict[str, ObjectRef]],
    parameters: dict[str, Any],
    **changes: Any,
) -> dict[str, Outcome]:
    return successful(await rehearsal.run(operator, roles, inputs, parameters, **changes))
