"""A task runs in a worker process: agreed by a manifest, fed over a pipe, wiped at the end."""

from typing import TYPE_CHECKING

from hanse.compute.worker.manifest import (
    Party,
    SessionManifest,
    check_manifest,
    code_fingerprint,
    manifest_hash,
)
from hanse.compute.worker.request import (
    Failure,
    FirstByte,
    ObjectRef,
    OutputRef,
    Progress,
    Result,
    Resumed,
    WorkerEvent,
    WorkerRequest,
    WorkerResult,
)

if TYPE_CHECKING:
    from hanse.compute.worker.process import WorkerProcess

__all__ = [
    "Failure",
    "FirstByte",
    "ObjectRef",
    "OutputRef",
    "Party",
    "Progress",
    "Result",
    "Resumed",
    "SessionManifest",
    "WorkerEvent",
    "WorkerProcess",
    "WorkerRequest",
    "WorkerResult",
    "check_manifest",
    "code_fingerprint",
    "manifest_hash",
]


def __getattr__(name: str) -> object:
    """Load the node's side only where it is used: a worker starts faster without it."""
    if name == "WorkerProcess":
        from hanse.compute.worker.process import WorkerProcess

        return WorkerProcess
    raise AttributeError(name)
