"""A task runs in a worker process: agreed by a manifest, fed over a pipe, wiped at the end."""

from hanse.compute.worker.manifest import (
    Party,
    SessionManifest,
    check_manifest,
    code_fingerprint,
    manifest_hash,
)
from hanse.compute.worker.process import WorkerProcess
from hanse.compute.worker.request import (
    Failure,
    FirstByte,
    ObjectRef,
    OutputRef,
    Progress,
    Result,
    WorkerEvent,
    WorkerRequest,
    WorkerResult,
)

__all__ = [
    "Failure",
    "FirstByte",
    "ObjectRef",
    "OutputRef",
    "Party",
    "Progress",
    "Result",
    "SessionManifest",
    "WorkerEvent",
    "WorkerProcess",
    "WorkerRequest",
    "WorkerResult",
    "check_manifest",
    "code_fingerprint",
    "manifest_hash",
]
