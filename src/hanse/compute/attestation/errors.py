"""Named errors of attestation."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, InputError, VerificationError


class BadQuote(VerificationError):
    """A quote does not verify: its signature, its certificates, or the collateral."""

    code = "attestation.bad_quote"
    help = "Ask the worker's operator for a fresh quote and fresh collateral; do not release a key."


class WrongMeasurement(VerificationError):
    """The worker is genuine hardware, but runs other code than was agreed."""

    code = "attestation.wrong_measurement"
    help = "Compare the worker's release with the measurement that the parties approved."


class DebugWorker(VerificationError):
    """The worker runs in debug mode: its memory can be read from outside."""

    code = "attestation.debug_worker"
    help = "Start the worker as a production enclave or trust domain."


class PlatformNotCurrent(VerificationError):
    """Firmware or microcode of the worker's platform is not at a level the policy accepts."""

    code = "attestation.platform_not_current"
    help = "Update the platform, or accept the status named in the policy after weighing it."


class NotBound(VerificationError):
    """The quote was not made for this session: another nonce or another key."""

    code = "attestation.not_bound"
    help = "Ask for a quote over this session's nonce and the worker's key; refuse replayed ones."


class SoftwareWorkerRefused(AuthorizationError):
    """The worker has no trusted hardware, and the data's level asks for it."""

    code = "attestation.software_worker_refused"
    help = "Use a worker with SGX or TDX; software workers are for development, below level 3."


class BadPolicy(InputError):
    """A policy names no measurement, or one that does not exist for that hardware."""

    code = "attestation.bad_policy"
    help = "Name mr_enclave, or mr_signer with a minimum version, for SGX; mr_td for TDX."
