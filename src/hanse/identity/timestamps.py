"""Times in W3C documents: XML Schema ``dateTimeStamp``, always UTC."""

from __future__ import annotations

import datetime

from hanse.core.errors import InputError


class BadTimestamp(InputError):
    """The text is no time with a zone."""

    code = "identity.bad_timestamp"
    help = "Times look like 2026-01-31T12:00:00Z."


def from_ms(moment_ms: int) -> str:
    """UTC ms, rounded down to seconds, as ``2026-01-31T12:00:00Z``.

    Raises:
        BadTimestamp: outside the years 1970 to 9999.
    """
    try:
        moment = datetime.datetime.fromtimestamp(moment_ms // 1_000, datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadTimestamp() from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_ms(text: str) -> int:
    """Undo `from_ms`; other zones and fractions are accepted, missing zones are not.

    Raises:
        BadTimestamp: otherwise.
    """
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadTimestamp() from error
    if moment.tzinfo is None:
        raise BadTimestamp()
    return round(moment.timestamp() * 1_000)
