"""What a node hands to a worker over standard input, and what the worker hands back."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.compute.attestation import AttestationPolicy
from hanse.compute.operators import Kind
from hanse.compute.services import ServiceKind
from hanse.compute.worker.manifest import SessionManifest
from hanse.compute.worker.serving import Admit, Answered, Declined, Ready


class ObjectRef(msgspec.Struct, frozen=True, kw_only=True):
    """An encrypted object of the vault that this party enters.

    Attributes:
        path: the encrypted file.
        key: its key, hex.
        kind: table, model, report, scores or ids.
        digest: content digest it must have, hex; "" when it is not checked here.
        opening: opening of the manifest's commitment (kind, salt, value); empty when the
            commitment was checked by the caller. ``value`` is the digest, or holds it under
            ``digest``.
        columns: the columns that may be read (those granted); empty for all.
        meta: what the step that made the object left with it, for tables ``key_columns``.
    """

    path: str
    key: str
    kind: Kind
    digest: str = ""
    opening: dict[str, Any] = {}
    columns: list[str] = []
    meta: dict[str, Any] = {}


class WorkerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One party's part of one attempt. Holds keys: never written to disk, log or argv.

    Attributes:
        alias: which party this is.
        certificate: PEM of this party's certificate for the task.
        private_key: PEM of its private key.
        work_dir: a directory of this attempt's own; ``scratch`` in it is wiped at the end,
            ``out`` keeps the outputs of a task that succeeded, ``worker.log`` the log.
        output_key: hex secret, 32 bytes, that the outputs' keys are derived from.
        checkpoint_dir: where checkpoints of the step are kept between attempts; "" keeps none.
        checkpoint_key: hex key they are sealed under, ``suite.key_bytes``, the same for all
            attempts of the step.
        package: canonical bytes of the algorithm package the step names; "" for other steps.
        cache_dir: where compiled programs are kept between tasks; "" keeps none.
        lists_dir: where lists of keys are kept between tasks, see `KeptLists`; "" keeps none.
        lists_key: hex key they are sealed under, ``suite.key_bytes``.
        memory_limit_bytes: resident memory at which the task is given up; 0 is no limit.
        cores: processor cores the worker may use, the first ones of the node's; 0 is all.
        deadline_ms: time allowed from start to end; 0 is no limit.
        connect_timeout_ms: how long to wait for all parties to be there.
        link_timeout_ms: silence after which a party that hangs or cannot be reached is given up.
        level: highest level of the data of the step, 1 to 5.
        policies: attested workers this node accepts.
        collateral: JSON text that quotes of this node's own hardware are checked with.
        serves: the kind of service this worker keeps open; None for a step, which ends.
    """

    manifest: SessionManifest
    alias: str
    inputs: dict[str, ObjectRef]
    certificate: str
    private_key: str
    work_dir: str
    suite: str
    output_key: str
    checkpoint_dir: str = ""
    checkpoint_key: str = ""
    package: str = ""
    cache_dir: str = ""
    lists_dir: str = ""
    lists_key: str = ""
    memory_limit_bytes: int = 0
    cores: int = 0
    deadline_ms: int = 0
    connect_timeout_ms: int = 60_000
    link_timeout_ms: int = 15_000
    level: int = 5
    policies: list[AttestationPolicy] = []
    collateral: str = ""
    serves: ServiceKind | None = None


class OutputRef(msgspec.Struct, frozen=True, kw_only=True):
    """An encrypted object the task made at this party.

    Attributes:
        rows: rows of a table or of scores; 0 for other kinds.
        digest: content digest, hex, as in `ObjectRef`.
    """

    path: str
    key: str
    kind: Kind
    rows: int
    digest: str
    meta: dict[str, Any] = {}


class WorkerResult(msgspec.Struct, frozen=True, kw_only=True):
    """Outputs by port, and measures (seconds by phase, rows, bytes sent)."""

    outputs: dict[str, OutputRef]
    measures: dict[str, Any] = {}


class Progress(msgspec.Struct, frozen=True, tag_field="kind", tag="progress"):
    """How far a phase is; ``total`` 0 when unknown."""

    phase: str
    done: int = 0
    total: int = 0


class Resumed(msgspec.Struct, frozen=True, tag_field="kind", tag="resumed"):
    """The step goes on from the checkpoint with this number (epoch, tree, iteration)."""

    number: int


class FirstByte(msgspec.Struct, frozen=True, tag_field="kind", tag="first_byte"):
    """Said before anything derived from data leaves this party."""


class Result(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """The task succeeded at this party."""

    outputs: dict[str, OutputRef]
    measures: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True, tag_field="kind", tag="error"):
    """The task failed; ``blamed`` is an alias, "" when nobody is known to be at fault."""

    code: str
    message: str
    phase: str = ""
    blamed: str = ""


WorkerEvent = (
    Progress | Resumed | FirstByte | Result | Failure | Ready | Admit | Answered | Declined
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(WorkerEvent)


def encode_event(event: WorkerEvent) -> bytes:
    """One JSON line."""
    return _encoder.encode(event) + b"\n"


def decode_event(line: bytes) -> WorkerEvent:
    """Read a line the worker wrote.

    Raises:
        msgspec.DecodeError: when it is none.
    """
    event: WorkerEvent = _decoder.decode(line)
    return event
