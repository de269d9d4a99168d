"""Pure rules of algorithms."""

from __future__ import annotations

from typing import Any

from hanse.contracts.algorithms import errors
from hanse.contracts.algorithms.messages import PublishAlgorithm
from hanse.contracts.algorithms.types import AlgorithmRecord
from hanse.contracts.plain import require_plain

MAX_MANIFEST_BYTES = 24 * 1024


def require_sound(message: PublishAlgorithm) -> None:
    """Refuse descriptions that contradict themselves or are too large.

    Raises:
        RepeatedLevel, ObjectTooLarge, NotCanonical.
    """
    levels = sorted(dict.fromkeys(message.levels))
    if len(levels) != len(message.levels):
        raise errors.RepeatedLevel()
    require_plain(message.manifest, "the manifest", MAX_MANIFEST_BYTES)


def reference(name: str, version: str) -> str:
    """``name@version``."""
    return f"{name}@{version}"


def describe(
    message: PublishAlgorithm, *, author: str, manifest_digest: str, published_ms: int
) -> AlgorithmRecord:
    """The record of a description."""
    manifest: dict[str, Any] = message.manifest
    return AlgorithmRecord(
        id=reference(message.name, message.version),
        name=message.name,
        version=message.version,
        author=author,
        fingerprint=message.fingerprint,
        size_bytes=message.size_bytes,
        manifest=manifest,
        manifest_digest=manifest_digest,
        levels=sorted(message.levels),
        environment=message.environment,
        published_ms=published_ms,
    )
