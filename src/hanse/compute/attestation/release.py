"""A key for an attested worker and nobody else.

1. The owner draws a nonce for the session and tells it to the worker.
2. The worker makes an agreement key inside its enclave and has the hardware sign a report over
   `binding(nonce, key)`; it answers with key and evidence.
3. The owner verifies the evidence (`verify_attestation`) and seals the data's key to the
   worker's key: only the attested code holds the other half.

**Leaks**: the worker learns the key, once it has proved what it runs; whoever carries the
messages learns the evidence and nothing else.
"""

from __future__ import annotations

from typing import Any

from hanse.compute.attestation.evidence import Evidence
from hanse.compute.attestation.policy import AttestationPolicy, Attested, verify_attestation
from hanse.core.canonical import tagged
from hanse.crypto.envelope import open_envelope, seal_for
from hanse.crypto.suite import Suite

REPORT_DATA_BYTES = 64
_WORKER = "attested-worker"
_CONTEXT = "hanse/attested-key/1"


def binding(suite: Suite, nonce: bytes, worker_public: bytes) -> bytes:
    """The 64 bytes a worker has signed: hash of nonce and key, then zeros.

    Args:
        nonce: 32 random bytes of the session; makes a quote good for this session only.
        worker_public: public agreement key made inside the enclave.
    """
    digest = suite.hash(tagged("hanse/attestation/1", nonce, worker_public))
    return digest.ljust(REPORT_DATA_BYTES, b"\x00")


def release_key(
    suite: Suite,
    evidence: Evidence,
    policy: AttestationPolicy,
    *,
    nonce: bytes,
    worker_public: bytes,
    key: bytes,
    level: int,
    now_ms: int,
) -> tuple[dict[str, Any], Attested]:
    """Seal a key to a worker whose evidence passes; nothing is sealed otherwise.

    Returns:
        The envelope for the worker, and what was attested, for the evidence of the task.

    Raises:
        VerificationError, AuthorizationError, InputError: those of `verify_attestation`.
    """
    asked = binding(suite, nonce, worker_public)
    attested = verify_attestation(evidence, policy, asked, level, now_ms)
    context = f"{_CONTEXT} {nonce.hex()}"
    return seal_for(suite, {_WORKER: worker_public}, key, context=context), attested


def open_released(
    suite: Suite, envelope: dict[str, Any], worker_private: bytes, nonce: bytes
) -> bytes:
    """The key, inside the worker.

    Raises:
        CannotOpen: for another worker or another session.
    """
    context = f"{_CONTEXT} {nonce.hex()}"
    return open_envelope(suite, envelope, _WORKER, worker_private, context=context)
