"""The error root: one exception family, one catalogue from code to what a caller sees.

Each error is a class with a stable ``code`` (``room.what_happened``) and ``help`` (what to do).
Its parent says who must act; the parent fixes HTTP status, process exit code and retryability.
The message is public: it never holds secrets or rows. Whatever only helps debugging goes
into ``debug`` and is logged, not shown.
"""

from __future__ import annotations

from typing import ClassVar

_CATALOGUE: dict[str, type[HanseError]] = {}


class HanseError(Exception):
    """Root of every named error.

    Attributes:
        code: stable machine-readable name, ``room.what_happened``.
        status: HTTP status.
        exit_code: process exit code of the command line.
        retryable: whether the same call may succeed later, unchanged.
        help: one sentence saying what to do.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False
    help: ClassVar[str] = ""

    def __init__(self, message: str = "", *, debug: str = "") -> None:
        super().__init__(message or self.help)
        self.message = message or self.help
        self.debug = debug

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("code")
        if not code:
            return
        known = _CATALOGUE.get(code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"error code {code!r} belongs to {known.__qualname__} already")
        _CATALOGUE[code] = cls

    def as_dict(self) -> dict[str, object]:
        """The public form: ``code``, ``message``, ``help``, ``retryable``."""
        return {
            "code": self.code,
            "message": self.message,
            "help": self.help,
            "retryable": self.retryable,
        }


class InputError(HanseError):
    """The caller sent something wrong and must correct it."""

    code = "input.invalid"
    status, exit_code = 400, 2
    help = "Correct the input and try again."


class AuthenticationError(HanseError):
    """The caller did not prove who it is."""

    code = "auth.unauthenticated"
    status, exit_code = 401, 3
    help = "Log in or present a valid token or signature."


class AuthorizationError(HanseError):
    """The caller is known but may not do this."""

    code = "auth.forbidden"
    status, exit_code = 403, 3
    help = "Ask the owner or your administrator for the right to do this."


class NotFoundError(HanseError):
    """Nothing by that name is visible to the caller."""

    code = "input.not_found"
    status, exit_code = 404, 4
    help = "Check the identifier; it may also be hidden from you."


class ConflictError(HanseError):
    """The state of the thing forbids the action now."""

    code = "state.conflict"
    status, exit_code = 409, 5
    help = "Look at the current state and decide again."


class VerificationError(HanseError):
    """A signature, hash, proof or credential does not hold."""

    code = "verify.failed"
    status, exit_code = 422, 6
    help = "Do not trust this object; fetch it again from its source."


class RateLimitError(HanseError):
    """The caller exceeded its quota in this time window."""

    code = "limit.exceeded"
    status, exit_code, retryable = 429, 7, True
    help = "Wait and try again more slowly."


class ComputeError(HanseError):
    """A task failed at a party, in a phase."""

    code = "compute.failed"
    status, exit_code = 500, 8
    help = "Read the signed reports of the attempt; they name party and phase."


class UnavailableError(HanseError):
    """A peer, a disk or a service cannot be reached now."""

    code = "service.unavailable"
    status, exit_code, retryable = 503, 9, True
    help = "Try again; if it persists, look at the health of the node named."


class InternalError(HanseError):
    """Our fault. Nothing was half-written."""

    code = "internal.error"
    help = "Report this with the log lines of the request id."


def catalogue() -> dict[str, type[HanseError]]:
    """Every error class defined so far, by code."""
    return dict(sorted(_CATALOGUE.items()))


def error_for(code: str, message: str = "") -> HanseError:
    """Rebuild an error from its code, as received over a wire or read from a receipt.

    Unknown codes become an `InternalError` whose message keeps the code.
    """
    cls = _CATALOGUE.get(code)
    if cls is None:
        return InternalError(f"{code}: {message}" if message else code)
    return cls(message)
