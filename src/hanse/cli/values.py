"""Values typed on the command line: moments, sizes, pairs, comma lists."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from hanse.cli.errors import BadOption

_SPAN = re.compile(r"^(\d+)([mhdwy])$")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_SIZE = re.compile(r"^(\d+)(|k|m|g|t)(|b|ib)$", re.IGNORECASE)
_POWERS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def moment_ms(text: str, option: str) -> int:
    """UTC milliseconds from ``30d``, ``12h``, ``2027-01-31`` or an ISO 8601 time.

    Raises:
        BadOption: naming the option.
    """
    if span := _SPAN.match(text):
        return int(time.time() * 1000) + int(span[1]) * _SECONDS[span[2]] * 1000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(
            f"{option} {text!r}: give a span (30d, 12h, 2w, 1y) or a date (2027-01-31)"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def size_bytes(text: str, option: str) -> int:
    """Bytes from ``16G``, ``512MiB`` or a plain number.

    Raises:
        BadOption: naming the option.
    """
    match = _SIZE.match(text)
    if match is None:
        raise BadOption(f"{option} {text!r}: give bytes, or a size such as 512M or 16G")
    return int(match[1]) * _POWERS[match[2].lower()]


def words(items: Sequence[str] | None) -> list[str] | None:
    """A repeatable option whose values may also be comma lists; None when not given."""
    if not items:
        return None
    return [word.strip() for item in items for word in item.split(",") if word.strip()]


def pairs(items: Sequence[str] | None, option: str) -> dict[str, str] | None:
    """A repeatable ``NAME=VALUE`` option; None when not given.

    Raises:
        BadOption: naming the option.
    """
    if not items:
        return None
    found = {}
    for item in items:
        name, separator, value = item.partition("=")
        if not separator or not name:
            raise BadOption(f"{option} {item!r}: give NAME=VALUE")
        found[name] = value
    return found


def levels(items: Sequence[str] | None, option: str) -> dict[str, int] | None:
    """A repeatable ``FIELD=LEVEL`` option; None when not given.

    Raises:
        BadOption: naming the option.
    """
    found = pairs(items, option)
    if found is None:
        return None
    try:
        return {name: int(value) for name, value in found.items()}
    except ValueError:
        raise BadOption(f"{option}: levels are numbers from 1 to 5") from None
