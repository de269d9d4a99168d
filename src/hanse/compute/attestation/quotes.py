"""Quotes of Intel SGX and TDX, verified by `dcap-qvl` down to Intel's root.

Source: Intel SGX ECDSA QuoteLibReference and Intel TDX DCAP Quoting Library API; structures of
SDM volume 3D, 37 (ATTRIBUTES) and the TDX module specification (TD_ATTRIBUTES).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hanse.compute.attestation.errors import BadQuote
from hanse.compute.attestation.evidence import Tee

SGX_REGISTERS = ("mr_enclave", "mr_signer")
TDX_REGISTERS = ("mr_td", "rt_mr0", "rt_mr1", "rt_mr2", "rt_mr3", "mr_config_id", "mr_owner")
_SGX_DEBUG = 0x02  # ATTRIBUTES.FLAGS bit 1, lowest byte first
_BODIES = {"SgxEnclave": "sgx", "TD10": "tdx", "TD15": "tdx"}
MAX_QUOTE_BYTES = 64 << 10
MAX_COLLATERAL_BYTES = 1 << 20


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine quote says.

    Attributes:
        registers: measurements by name, hex.
        svn: security version of the enclave (ISVSVN); 0 for a trust domain.
        debug: whether its memory can be read from outside.
        report_data: the 64 bytes the worker had signed, hex.
        tcb_status: of the platform, in Intel's words, such as ``UpToDate``.
        advisories: Intel's security advisories that apply to the platform.
    """

    tee: Tee
    registers: dict[str, str]
    svn: int
    debug: bool
    report_data: str
    tcb_status: str
    advisories: list[str]


def read_quote(quote: bytes, collateral: str, now_ms: int) -> Claims:
    """Verify a quote and read it.

    `dcap-qvl` checks, in this order of Intel's verification library: 1. collateral is signed
    by Intel and valid at the given time; 2. the PCK certificate chains to Intel's root and is
    not revoked; 3. the quoting enclave is Intel's and current; 4. it signed the attestation key
    and that key signed the report; 5. the platform's TCB level.

    Args:
        quote: as made by the hardware.
        collateral: JSON text.
        now_ms: UTC milliseconds at which certificates must be valid.

    Raises:
        BadQuote: when any of it does not hold.
    """
    import dcap_qvl

    if len(quote) > MAX_QUOTE_BYTES or len(collateral) > MAX_COLLATERAL_BYTES:
        raise BadQuote("the quote or its collateral is too large")
    try:
        material = dcap_qvl.QuoteCollateralV3.from_json(collateral)
        verified = dcap_qvl.verify(quote, material, now_ms // 1000)
        body = json.loads(verified.to_json())["report"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadQuote("the quote does not verify", debug=str(error)) from error
    kind, report = next(iter(body.items()))
    status, advisories = verified.status, sorted(verified.advisory_ids)
    if _BODIES.get(kind) == "sgx":
        return _sgx(report, status, advisories)
    if _BODIES.get(kind) == "tdx":
        return _tdx(report.get("base", report), status, advisories)
    raise BadQuote(f"a quote of the kind {kind[:30]!r} is not read here")


def _sgx(report: dict[str, Any], status: str, advisories: list[str]) -> Claims:
    return Claims(
        tee="sgx",
        registers={name: report[name] for name in SGX_REGISTERS},
        svn=int(report["isv_svn"]),
        debug=bool(bytes.fromhex(report["attributes"])[0] & _SGX_DEBUG),
        report_data=report["report_data"],
        tcb_status=status,
        advisories=advisories,
    )


def _tdx(report: dict[str, Any], status: str, advisories: list[str]) -> Claims:
    return Claims(
        tee="tdx",
        registers={name: report[name] for name in TDX_REGISTERS},
        svn=0,
        # The whole first byte: bits "TD under debug", of which any opens the domain.
        debug=bytes.fromhex(report["td_attributes"])[0] != 0,
        report_data=report["report_data"],
        tcb_status=status,
        advisories=advisories,
    )
