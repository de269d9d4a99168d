"""Errors of the client itself, and a node's errors brought back by code."""

from __future__ import annotations

from functools import lru_cache

from pydantic import ValidationError

from hanse.api.base import ErrorAnswer, ErrorBody
from hanse.core.errors import (
    AuthenticationError,
    AuthorizationError,
    ComputeError,
    ConflictError,
    HanseError,
    InputError,
    InternalError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
    VerificationError,
    catalogue,
)

_BY_STATUS: dict[int, type[HanseError]] = {
    401: AuthenticationError,
    403: AuthorizationError,
    404: NotFoundError,
    409: ConflictError,
    422: VerificationError,
    429: RateLimitError,
    503: UnavailableError,
}


class NodeUnreachable(UnavailableError):
    """No connection to the node."""

    code = "sdk.node_unreachable"
    help = "Check the address (--url, HANSE_URL) and that the node runs: hanse node start."


class NodeTimedOut(UnavailableError):
    """The node did not answer in time; the request may still take effect."""

    code = "sdk.node_timed_out"
    help = "Look whether the request took effect before sending it again."


class NotANode(UnavailableError):
    """Something answered, but not in the language of a node."""

    code = "sdk.not_a_node"
    retryable = False
    help = "Check the address and port; a proxy may be in between."


class WaitTimedOut(UnavailableError):
    """What was waited for did not happen in time."""

    code = "sdk.wait_timed_out"
    help = "Wait longer, or look at the current state for what holds it up."


class FlowTerminated(ComputeError):
    """The flow ended without completing."""

    code = "sdk.flow_terminated"
    help = "Read the reports of the attempts: hanse flows show FLOW."


class ImportFailed(InputError):
    """The node could not import the file."""

    code = "sdk.import_failed"
    help = "Correct the file and import it again."


class GrantClosed(ConflictError):
    """The grant ended before it reached the state waited for."""

    code = "sdk.grant_closed"
    help = "Look at the grant's reason and apply again: hanse grants request."


def from_answer(status: int, content: bytes, url: str) -> HanseError:
    """The named error in a node's answer with status 400 and above."""
    try:
        body = ErrorAnswer.model_validate_json(content).error
    except ValidationError:
        return NotANode(f"{url} answered {status} without a named error")
    return rebuild(body, status)


def rebuild(body: ErrorBody, status: int = 0) -> HanseError:
    """The error by its code, also when this process has not loaded the class it belongs to.

    The class is a child of the parent that fits the HTTP status, so that ``except
    NotFoundError`` and exit codes work for every error of a newer node too.
    """
    debug = f"request {body.request_id}" if body.request_id else ""
    known = catalogue().get(body.code)
    if known is None:
        known = _stand_in(body.code, status, body.help, body.retryable)
    return known(body.message, debug=debug)


@lru_cache(maxsize=1024)
def _stand_in(code: str, status: int, help_: str, retryable: bool) -> type[HanseError]:
    parent = _BY_STATUS.get(status, InputError if 400 <= status < 500 else InternalError)
    fields = {"help": help_ or parent.help, "retryable": retryable}
    created: type[HanseError] = type("RemoteError", (parent,), fields)
    # Set afterwards: a class born with a code would enter this process's own catalogue.
    created.code = code
    return created
