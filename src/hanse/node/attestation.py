"""Which attested workers this node accepts, from its settings."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hanse.compute.attestation import AttestationPolicy
from hanse.compute.attestation.errors import BadPolicy
from hanse.compute.attestation.policy import check_policy
from hanse.compute.worker import code_fingerprint
from hanse.node.errors import BadSettings
from hanse.node.settings import ComputeSettings


def accepted_workers(settings: ComputeSettings) -> list[AttestationPolicy]:
    """Policies of the file, and one for software workers of this release if they are accepted.

    Raises:
        BadSettings: the file cannot be read, or holds something else than one sound policy for
            each kind of hardware.
    """
    found = _from_file(settings.attestation_policies) if settings.attestation_policies else []
    if settings.software_workers:
        code = {"code": [code_fingerprint()]}
        found.append(AttestationPolicy(tee="software", registers=code))
    return found


def _from_file(path: str) -> list[AttestationPolicy]:
    try:
        found = msgspec.json.decode(Path(path).read_bytes(), type=list[AttestationPolicy])
        for policy in found:
            check_policy(policy)
    except (OSError, msgspec.DecodeError, BadPolicy) as error:
        raise BadSettings(f"[compute] attestation_policies: {path}: {error}") from error
    kinds = [policy.tee for policy in found]
    if "software" in kinds or len(kinds) != len(set(kinds)):
        raise BadSettings(f"[compute] attestation_policies: {path}: one each of sgx and tdx")
    return found
