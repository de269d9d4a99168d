"""Quotes of real hardware, policies, and keys that only an attested worker gets.

The quotes are public samples, see ``tests/vectors/attestation/README.md``.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import msgspec
import pytest

from hanse.compute.attestation import (
    AttestationPolicy,
    Claims,
    Evidence,
    binding,
    open_released,
    read_quote,
    release_key,
    software_evidence,
    verify_attestation,
)
from hanse.compute.attestation import errors as wrong
from hanse.compute.attestation.policy import check_claims, check_policy
from hanse.core.errors import HanseError
from hanse.crypto.errors import CannotOpen
from hanse.crypto.suite import Suite, get_suite

VECTORS = Path(__file__).parents[3] / "vectors" / "attestation"
NOW_MS = 1_750_500_000_000  # 2025-06-21, while the collateral was current
DAY_MS = 86_400_000
HELLO = b"Hello, world!".ljust(64, b"\x00")
ENCLAVE = "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"
SIGNER = "815f42f11cf64430c30bab7816ba596a1da0130c3b028b673133a66cf9a3e0e6"
SGX_STATUS = "ConfigurationAndSWHardeningNeeded"


def evidence(tee: str) -> Evidence:
    quote = (VECTORS / f"{tee}_quote.bin").read_bytes()
    collateral = (VECTORS / f"{tee}_quote_collateral.json").read_text("utf-8")
    return Evidence(tee=tee, quote=quote, collateral=collateral)  # type: ignore[arg-type]


def claims_of(tee: str) -> Claims:
    shown = evidence(tee)
    return read_quote(shown.quote, shown.collateral, NOW_MS)


def sgx_policy(**changes: object) -> AttestationPolicy:
    policy = AttestationPolicy(
        tee="sgx", registers={"mr_enclave": [ENCLAVE]}, tcb_statuses=["UpToDate", SGX_STATUS]
    )
    return msgspec.structs.replace(policy, **changes)


@pytest.fixture(params=["sm", "intl"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return get_suite(request.param)


def test_sgx_quote_says_what_the_hardware_measured() -> None:
    claims = claims_of("sgx")
    assert claims.registers == {"mr_enclave": ENCLAVE, "mr_signer": SIGNER}
    assert (claims.tee, claims.debug, claims.svn) == ("sgx", False, 0)
    assert bytes.fromhex(claims.report_data) == HELLO
    assert claims.tcb_status == SGX_STATUS
    assert claims.advisories == ["INTEL-SA-00289", "INTEL-SA-00615"]


def test_tdx_quote_says_what_the_hardware_measured() -> None:
    claims = claims_of("tdx")
    assert claims.registers["mr_td"].startswith("91eb2b44d141d4ece09f0c75c2c53d24")
    assert len(claims.registers) == 7
    assert (claims.tee, claims.debug, claims.tcb_status) == ("tdx", False, "UpToDate")


@pytest.mark.parametrize("tee", ["sgx", "tdx"])
@pytest.mark.parametrize("place", [100, 400, 500, 900])
def test_quote_with_one_flipped_bit_is_refused(tee: str, place: int) -> None:
    shown = evidence(tee)
    altered = bytearray(shown.quote)
    altered[place] ^= 1
    with pytest.raises(wrong.BadQuote):
        read_quote(bytes(altered), shown.collateral, NOW_MS)


@pytest.mark.parametrize("now_ms", [NOW_MS - 400 * DAY_MS, NOW_MS + 40 * DAY_MS])
def test_quote_is_refused_outside_the_time_of_its_collateral(now_ms: int) -> None:
    shown = evidence("sgx")
    with pytest.raises(wrong.BadQuote):
        read_quote(shown.quote, shown.collateral, now_ms)


def test_collateral_that_intel_did_not_sign_is_refused() -> None:
    shown = evidence("tdx")
    fields = json.loads(shown.collateral)
    fields["tcb_info"] = fields["tcb_info"].replace("UpToDate", "UpToDatf", 1)
    with pytest.raises(wrong.BadQuote):
        read_quote(shown.quote, json.dumps(fields), NOW_MS)


@pytest.mark.parametrize(
    ("quote", "collateral"), [(b"", ""), (b"x" * 70_000, "{}"), (b"\x03\x00" * 300, "[]")]
)
def test_garbage_is_a_named_error(quote: bytes, collateral: str) -> None:
    with pytest.raises(wrong.BadQuote):
        read_quote(quote, collateral, NOW_MS)


def test_worker_is_accepted_when_everything_holds() -> None:
    attested = verify_attestation(evidence("sgx"), sgx_policy(), HELLO, 5, NOW_MS)
    assert attested.label == f"sgx: {SGX_STATUS}"
    by_signer = sgx_policy(registers={"mr_enclave": [ENCLAVE.upper()], "mr_signer": [SIGNER]})
    assert verify_attestation(evidence("sgx"), by_signer, HELLO, 5, NOW_MS).claims.svn == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"registers": {"mr_enclave": ["00" * 32]}}, wrong.WrongMeasurement),
        ({"registers": {"mr_signer": [SIGNER]}, "minimum_svn": 1}, wrong.WrongMeasurement),
        ({"tcb_statuses": ["UpToDate"]}, wrong.PlatformNotCurrent),
        ({"refused_advisories": ["INTEL-SA-00615"]}, wrong.PlatformNotCurrent),
        ({"tee": "tdx", "registers": {"mr_td": ["00" * 48]}}, wrong.WrongMeasurement),
        ({"registers": {"mr_signer": [SIGNER]}}, wrong.BadPolicy),
        ({"registers": {}}, wrong.BadPolicy),
        ({"registers": {"mr_enclave": []}}, wrong.BadPolicy),
        ({"registers": {"mr_enclave": [ENCLAVE], "mr_td": ["00"]}}, wrong.BadPolicy),
    ],
)
def test_worker_is_refused_for_what_the_policy_does_not_accept(
    changes: dict[str, object], error: type[HanseError]
) -> None:
    with pytest.raises(error):
        verify_attestation(evidence("sgx"), sgx_policy(**changes), HELLO, 3, NOW_MS)


def test_debug_worker_is_refused() -> None:
    debug = msgspec.structs.replace(claims_of("sgx"), debug=True)
    with pytest.raises(wrong.DebugWorker):
        check_claims(debug, sgx_policy())


def test_quote_of_another_kind_than_claimed_is_refused() -> None:
    shown = msgspec.structs.replace(evidence("tdx"), tee="sgx")
    with pytest.raises(wrong.BadQuote):
        verify_attestation(shown, sgx_policy(), HELLO, 3, NOW_MS)


def test_quote_of_an_earlier_session_is_refused(suite: Suite) -> None:
    worker = suite.agreement_public(suite.generate_agreement_key())
    asked = binding(suite, secrets.token_bytes(32), worker)
    with pytest.raises(wrong.NotBound):
        verify_attestation(evidence("sgx"), sgx_policy(), asked, 3, NOW_MS)


SOFTWARE = AttestationPolicy(tee="software", registers={"code": ["ab" * 32]})


def test_key_goes_to_the_worker_that_was_asked_and_to_nobody_else(suite: Suite) -> None:
    private, nonce = suite.generate_agreement_key(), secrets.token_bytes(32)
    public, key = suite.agreement_public(private), secrets.token_bytes(16)
    shown = software_evidence("ab" * 32, binding(suite, nonce, public))
    released, attested = release_key(
        suite, shown, SOFTWARE, nonce=nonce, worker_public=public, key=key, level=2, now_ms=NOW_MS
    )
    assert open_released(suite, released, private, nonce) == key
    assert "software only" in attested.label
    for other, session in [(suite.generate_agreement_key(), nonce), (private, b"\x00" * 32)]:
        with pytest.raises(CannotOpen):
            open_released(suite, released, other, session)


@pytest.mark.parametrize("level", [3, 4, 5])
def test_software_worker_gets_no_key_to_data_of_higher_levels(suite: Suite, level: int) -> None:
    private, nonce = suite.generate_agreement_key(), secrets.token_bytes(32)
    public = suite.agreement_public(private)
    shown = software_evidence("ab" * 32, binding(suite, nonce, public))
    with pytest.raises(wrong.SoftwareWorkerRefused):
        release_key(
            suite, shown, SOFTWARE, nonce=nonce, worker_public=public, key=b"k" * 16, level=level,
            now_ms=NOW_MS,
        )  # fmt: skip


@pytest.mark.parametrize("quote", [b"", b"{}", b'{"code": 1}', b"\xff"])
def test_software_statement_that_does_not_decode_is_refused(quote: bytes) -> None:
    shown = Evidence(tee="software", quote=quote)
    with pytest.raises(wrong.BadQuote):
        verify_attestation(shown, SOFTWARE, HELLO, 1, NOW_MS)


def test_policy_by_signer_needs_a_minimum_version() -> None:
    check_policy(sgx_policy(registers={"mr_signer": [SIGNER]}, minimum_svn=2))
    with pytest.raises(wrong.BadPolicy):
        check_policy(sgx_policy(registers={"mr_signer": [SIGNER]}, minimum_svn=0))
