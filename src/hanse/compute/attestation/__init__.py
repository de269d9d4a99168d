"""Trusted execution: who computes is proved by its processor before it gets a key."""

from hanse.compute.attestation.evidence import Evidence, software_evidence
from hanse.compute.attestation.policy import AttestationPolicy, Attested, verify_attestation
from hanse.compute.attestation.quotes import Claims, read_quote
from hanse.compute.attestation.release import binding, open_released, release_key

__all__ = [
    "AttestationPolicy",
    "Attested",
    "Claims",
    "Evidence",
    "binding",
    "open_released",
    "read_quote",
    "release_key",
    "software_evidence",
    "verify_attestation",
]
