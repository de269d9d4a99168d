"""Running an own algorithm in an attested worker: agree, attest, hand over, compute, give back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from hanse.compute.algorithms.program import evaluate, trace
from hanse.compute.attestation.errors import BadAttestation
from hanse.compute.operators.own.attesting import Meeting
from hanse.compute.operators.own.opening import Opened
from hanse.compute.operators.own.running import (
    agree_on_package,
    keep_outputs,
    pack_outputs,
    read_outputs,
)

if TYPE_CHECKING:
    from hanse.compute.attestation import Attested
    from hanse.compute.worker.task import Task


def run_attested(task: Task) -> None:
    """This party's part. Nobody's columns leave before everybody has accepted the worker."""
    link = task.link("data", task.participants)
    meeting = Meeting(task, link)
    opened, rows, holders = agree_on_package(task, link, lambda: _note(task, meeting.release()))
    task.phase("share")
    mine = {name: array for name, array in opened.arrays.items() if holders[name] == task.me}
    columns: dict[str, Any] = {}
    if meeting.is_worker:
        columns = mine | _columns(opened, rows, holders, meeting.take())
    else:
        meeting.hand_over(msgspec.msgpack.encode({n: a.tobytes() for n, a in mine.items()}))
    values: dict[str, Any] = {}
    task.agree(link, lambda: values.update(_evaluated(task, opened, rows, columns)))
    task.phase("open")
    _give_back(task, meeting, values)
    if task.is_in("receiver"):
        if not meeting.is_worker:
            values = read_outputs(opened, rows, meeting.outputs(), meeting.worker)
        keep_outputs(task, opened, rows, values)
    task.measures["rows"] = rows
    task.finish()


def _note(task: Task, attested: Attested | None) -> None:
    """What was attested goes into this party's evidence of the step."""
    if attested is not None:
        claims = attested.claims
        task.measures["attested"] = {
            "tee": claims.tee,
            "label": attested.label,
            "registers": claims.registers,
            "advisories": claims.advisories,
        }


def _columns(
    opened: Opened, rows: int, holders: dict[str, str], handed: dict[str, bytes]
) -> dict[str, Any]:
    """Arrays by input, of those others brought; each from the party that said it has it."""
    found: dict[str, Any] = {}
    for alias, data in handed.items():
        wanted = sorted(name for name, holder in holders.items() if holder == alias)
        try:
            sent = msgspec.msgpack.decode(data, type=dict[str, bytes])
            found |= {name: _array(opened, name, sent[name], rows) for name in wanted}
        except (msgspec.DecodeError, KeyError, ValueError) as error:
            raise BadAttestation(f"what {alias} handed over are not its columns") from error
    return found


def _array(opened: Opened, name: str, data: bytes, rows: int) -> Any:
    return np.frombuffer(data, opened.package.manifest.inputs[name].dtype).reshape(rows)


def _evaluated(task: Task, opened: Opened, rows: int, columns: dict[str, Any]) -> dict[str, Any]:
    if not task.is_in("compute"):
        return {}
    task.phase("compute")
    # No cache: what lies on a disk outside may have been altered.
    traced = trace(opened.package, rows, opened.settings, "")
    return evaluate(traced, columns, opened.package.manifest)


def _give_back(task: Task, meeting: Meeting, values: dict[str, Any]) -> None:
    if meeting.is_worker:
        for alias in task.parties("receiver"):
            if alias != task.me:
                meeting.give_back(alias, pack_outputs(values))
