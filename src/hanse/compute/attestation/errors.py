"""Named errors of attestation."""

from __future__ import annotations

from hanse.compute.errors import Located
from hanse.core.errors import (
    AuthorizationError,
    ComputeError,
    InputError,
    UnavailableError,
    VerificationError,
)


class BadQuote(Located, VerificationError):
    """A quote does not verify: its signature, its certificates, or the collateral."""

    code = "attestation.bad_quote"
    help = "Ask the worker's operator for a fresh quote and fresh collateral; do not release a key."


class WrongMeasurement(Located, VerificationError):
    """The worker is genuine hardware, but runs other code than was agreed."""

    code = "attestation.wrong_measurement"
    help = "Compare the worker's release with the measurement that the parties approved."


class DebugWorker(Located, VerificationError):
    """The worker runs in debug mode: its memory can be read from outside."""

    code = "attestation.debug_worker"
    help = "Start the worker as a production enclave or trust domain."


class PlatformNotCurrent(Located, VerificationError):
    """Firmware or microcode of the worker's platform is not at a level the policy accepts."""

    code = "attestation.platform_not_current"
    help = "Update the platform, or accept the status named in the policy after weighing it."


class NotBound(Located, VerificationError):
    """The quote was not made for this session: another nonce or another key."""

    code = "attestation.not_bound"
    help = "Ask for a quote over this session's nonce and the worker's key; refuse replayed ones."


class SoftwareWorkerRefused(Located, AuthorizationError):
    """The worker has no trusted hardware, and the data's level asks for it."""

    code = "attestation.software_worker_refused"
    help = "Use a worker with SGX or TDX; software workers are for development, below level 3."


class BadPolicy(Located, InputError):
    """A policy names no measurement, or one that does not exist for that hardware."""

    code = "attestation.bad_policy"
    help = "Name mr_enclave, or mr_signer with a minimum version, for SGX; mr_td for TDX."


class NoPolicy(Located, AuthorizationError):
    """This node accepts no worker of that kind."""

    code = "attestation.no_policy"
    help = "Name the file with accepted policies in [compute] attestation_policies of the settings."


class NoTrustedHardware(Located, ComputeError):
    """There is no trusted hardware of that kind at the computing node, or it gives no quote."""

    code = "attestation.no_hardware"
    help = "Run the computing node in a TDX trust domain (Linux 6.7 or later) with its collateral."


class QuoteDisturbed(Located, UnavailableError):
    """A quote may be over what another process asked; nothing was sent."""

    code = "attestation.quote_disturbed"
    help = "The step is tried again; look for other programs that ask for quotes if it goes on."


class BadAttestation(Located, VerificationError):
    """What a worker showed, or what was handed to it, does not decode or fit the session."""

    code = "attestation.bad_message"
    help = "The named party runs other code or damages messages; look at its version and its log."
