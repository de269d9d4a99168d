"""Whether a worker's evidence is enough for the data it is to see."""

from __future__ import annotations

import hmac

import msgspec

from hanse.compute.attestation.errors import (
    BadPolicy,
    BadQuote,
    DebugWorker,
    NotBound,
    PlatformNotCurrent,
    SoftwareWorkerRefused,
    WrongMeasurement,
)
from hanse.compute.attestation.evidence import SOFTWARE_LABEL, Evidence, Statement, Tee
from hanse.compute.attestation.quotes import SGX_REGISTERS, TDX_REGISTERS, Claims, read_quote

HARDWARE_LEVEL = 3  # from this data level on (JR/T 0197-2020) only hardware will do
_NAMES = {"sgx": SGX_REGISTERS, "tdx": TDX_REGISTERS, "software": ("code",)}


class AttestationPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the parties approved.

    Attributes:
        tee: the kind of worker.
        registers: by name the values that are accepted, hex. SGX: ``mr_enclave``, or
            ``mr_signer`` with `minimum_svn`; TDX: ``mr_td``, and better ``rt_mr0`` to
            ``rt_mr3`` too, because firmware alone does not fix what runs on it; software:
            ``code``.
        minimum_svn: least security version of an enclave.
        tcb_statuses: platform statuses that are accepted.
        refused_advisories: security advisories that must not apply to the platform.
    """

    tee: Tee
    registers: dict[str, list[str]]
    minimum_svn: int = 0
    tcb_statuses: tuple[str, ...] = ("UpToDate",)
    refused_advisories: tuple[str, ...] = ()


class Attested(msgspec.Struct, frozen=True):
    """A worker that passed; ``label`` is shown wherever it is named."""

    claims: Claims
    label: str


def verify_attestation(
    evidence: Evidence, policy: AttestationPolicy, report_data: bytes, level: int, now_ms: int
) -> Attested:
    """Check evidence against a policy.

    1. the policy says enough; 2. hardware where the level asks for it; 3. the quote is genuine
    and its collateral valid now; 4. the worker is not in debug mode; 5. it runs what was
    approved; 6. its platform is current enough; 7. it was asked by us, now.

    Args:
        report_data: the 64 bytes this session asked the worker to have signed.
        level: highest level of the data, 1 to 5.
        now_ms: UTC milliseconds.

    Raises:
        BadPolicy, SoftwareWorkerRefused, BadQuote, DebugWorker, WrongMeasurement,
        PlatformNotCurrent, NotBound: as named.
    """
    check_policy(policy)
    if evidence.tee == "software" and level >= HARDWARE_LEVEL:
        raise SoftwareWorkerRefused(f"data of level {level} asks for trusted hardware")
    claims = read_evidence(evidence, now_ms)
    check_claims(claims, policy)
    if not hmac.compare_digest(claims.report_data, report_data.hex()):
        raise NotBound("the quote was made for another session or another key")
    label = SOFTWARE_LABEL if claims.tee == "software" else f"{claims.tee}: {claims.tcb_status}"
    return Attested(claims, label)


def read_evidence(evidence: Evidence, now_ms: int) -> Claims:
    """What the evidence says, once it is seen to be genuine.

    Raises:
        BadQuote: when it is not, or is of another kind than it claims.
    """
    if evidence.tee == "software":
        return _software(evidence.quote)
    claims = read_quote(evidence.quote, evidence.collateral, now_ms)
    if claims.tee != evidence.tee:
        raise BadQuote(f"the evidence claims {evidence.tee}, the quote is of {claims.tee}")
    return claims


def _software(quote: bytes) -> Claims:
    try:
        said = msgspec.json.decode(quote, type=Statement)
    except msgspec.DecodeError as error:
        raise BadQuote("a software worker's statement does not decode") from error
    return Claims(
        tee="software",
        registers={"code": said.code},
        svn=0,
        debug=False,
        report_data=said.report_data,
        tcb_status="",
        advisories=[],
    )


def check_policy(policy: AttestationPolicy) -> None:
    """Refuse a policy that would accept any code.

    Raises:
        BadPolicy: saying what is missing.
    """
    known = _NAMES[policy.tee]
    for name, values in policy.registers.items():
        if name not in known or not values:
            raise BadPolicy(f"{policy.tee} has the registers {', '.join(known)}, with values")
    by_signer = "mr_signer" in policy.registers and policy.minimum_svn > 0
    if known[0] not in policy.registers and not by_signer:
        raise BadPolicy(f"the policy does not say which {known[0]} is accepted")


def check_claims(claims: Claims, policy: AttestationPolicy) -> None:
    """Steps 4 to 6 of `verify_attestation`.

    Raises:
        DebugWorker, WrongMeasurement, PlatformNotCurrent: as named.
    """
    if claims.debug:
        raise DebugWorker("the worker runs in debug mode")
    if claims.tee != policy.tee:
        raise WrongMeasurement(f"the policy is for {policy.tee}, the worker runs in {claims.tee}")
    for name, accepted in policy.registers.items():
        if claims.registers[name].lower() not in {value.lower() for value in accepted}:
            raise WrongMeasurement(f"{name} of the worker is none that was approved")
    if claims.svn < policy.minimum_svn:
        raise WrongMeasurement("the worker's security version is too low")
    if claims.tee == "software":
        return
    if claims.tcb_status not in policy.tcb_statuses:
        raise PlatformNotCurrent(f"the platform's status is {claims.tcb_status}")
    unfit = sorted(set(claims.advisories) & set(policy.refused_advisories))
    if unfit:
        raise PlatformNotCurrent(f"advisories that were not accepted: {', '.join(unfit)}")
