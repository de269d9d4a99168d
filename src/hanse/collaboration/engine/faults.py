"""From an exception to what is said about it on the ledger."""

from __future__ import annotations

import re

from hanse.collaboration.engine.errors import Unexpected
from hanse.collaboration.engine.records import Fault
from hanse.core.errors import (
    AuthorizationError,
    HanseError,
    InputError,
    NotFoundError,
    VerificationError,
)

MAX_MESSAGE = 500
FINAL = (InputError, AuthorizationError, NotFoundError, VerificationError)
_CODE = re.compile(r"^[a-z][a-z0-9_.-]{0,79}\Z")
_NOT_CODE = re.compile(r"[^a-z0-9_.-]+")


class Over(Exception):
    """No error: the attempt is no longer the one to work on."""


class PartyFault(Exception):
    """An error for which one party of the step, by alias, is to blame."""

    def __init__(self, error: HanseError, blamed: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.blamed = blamed


def fault_of(error: Exception, phase: str) -> Fault:
    """What to report.

    The message of a named error is public by rule. Anything else is a fault of this software:
    its text could hold anything, so only its name leaves the node.
    """
    blamed = error.blamed if isinstance(error, PartyFault) else ""
    cause = error.error if isinstance(error, PartyFault) else error
    if not isinstance(cause, HanseError):
        cause = Unexpected("the engine of this node met a fault of its own")
    return Fault(
        phase=_code(str(getattr(cause, "phase", "")) or phase, "run"),
        code=_code(cause.code, Unexpected.code),
        message=cause.message[:MAX_MESSAGE],
        blamed=blamed or str(getattr(cause, "blamed", "")),
        final=isinstance(cause, FINAL),
    )


def _code(text: str, otherwise: str) -> str:
    text = _NOT_CODE.sub("_", text.lower())[:80]
    return text if _CODE.match(text) else otherwise
