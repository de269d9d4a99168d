"""The quote of the trust domain this process runs in, asked of the kernel.

Source: Linux ABI, ``Documentation/ABI/testing/configfs-tsm-report`` (kernel 6.7 and later): a
directory made under ``report`` has the files ``inblob`` (what is to be signed), ``outblob`` (the
quote), ``provider`` and ``generation``, which counts every write.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from hanse.compute.attestation.errors import NoTrustedHardware, QuoteDisturbed
from hanse.compute.attestation.evidence import Evidence, Tee, software_evidence

REPORTS = Path("/sys/kernel/config/tsm/report")
TDX_PROVIDER = "tdx_guest"


def make_evidence(
    tee: Tee, report_data: bytes, *, code: str, collateral: str, reports: Path = REPORTS
) -> Evidence:
    """What this process can show of itself.

    Args:
        tee: the kind that is asked for.
        report_data: 64 bytes to be signed.
        code: fingerprint of the code, hex; all that a software worker says.
        collateral: JSON text to check the quote with, kept current by the node's operator.

    Raises:
        NoTrustedHardware: there is none of that kind here, or nothing to check its quote with.
        QuoteDisturbed: somebody else wrote to the request meanwhile.
    """
    if tee == "software":
        return software_evidence(code, report_data)
    if tee != "tdx":
        raise NoTrustedHardware(f"no operator runs in {tee}")
    if not collateral:
        raise NoTrustedHardware("this node has no collateral for its quotes")
    return Evidence(tee=tee, quote=tdx_quote(report_data, reports), collateral=collateral)


def tdx_quote(report_data: bytes, reports: Path = REPORTS) -> bytes:
    """A TDX quote over 64 bytes.

    Raises:
        NoTrustedHardware, QuoteDisturbed: see `make_evidence`.
    """
    entry = reports / f"hanse-{secrets.token_hex(8)}"
    try:
        entry.mkdir()
    except OSError as error:
        raise NoTrustedHardware("the kernel offers no report", debug=str(error)) from error
    try:
        return _ask(entry, report_data)
    except OSError as error:
        raise NoTrustedHardware("the kernel made no quote", debug=str(error)) from error
    finally:
        entry.rmdir()


def _ask(entry: Path, report_data: bytes) -> bytes:
    provider = (entry / "provider").read_text("ascii").strip()
    if provider != TDX_PROVIDER:
        raise NoTrustedHardware(f"the kernel's reports are of {provider[:40]!r}, not of TDX")
    before = int((entry / "generation").read_text("ascii"))
    (entry / "inblob").write_bytes(report_data)
    quote = (entry / "outblob").read_bytes()
    if int((entry / "generation").read_text("ascii")) != before + 1:
        raise QuoteDisturbed("another write came between request and quote")
    return quote
