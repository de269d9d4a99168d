"""What a worker shows of itself.

A hardware worker shows a DCAP quote (Intel SGX or TDX) and the collateral to check it with. A
software worker shows only what it says: anybody can say it, and so it counts for nothing above
level 2. It exists so that developers can run the same path without the hardware.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Tee = Literal["sgx", "tdx", "software"]
SOFTWARE_LABEL = "software only: whoever runs the machine can read everything"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's evidence.

    Attributes:
        tee: what kind of protection it claims.
        quote: the quote as the hardware made it; of a software worker its statement, JSON.
        collateral: certificates, revocation lists and TCB information as JSON text (fields as
            in Intel's ``sgx_ql_qve_collateral_t``); empty for a software worker.
    """

    tee: Tee
    quote: bytes
    collateral: str = ""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a software worker says: the code it runs and the 64 bytes it was asked to bind."""

    code: str
    report_data: str


def software_evidence(code: str, report_data: bytes) -> Evidence:
    """Evidence of a software worker.

    Args:
        code: fingerprint of the code, hex.
        report_data: see `hanse.compute.attestation.release.binding`.
    """
    said = Statement(code, report_data.hex())
    return Evidence(tee="software", quote=msgspec.json.encode(said))
