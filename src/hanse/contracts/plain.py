"""Bounds for the few untyped objects that contracts carry: policies and envelopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hanse.core import canonical
from hanse.core.errors import InputError

MAX_DEPTH = 12


class ObjectTooLarge(InputError):
    """An embedded object is too large or nested too deeply."""

    code = "contracts.object_too_large"
    help = "Shorten the object; the message names its limit."


def require_plain(value: dict[str, Any], what: str, max_bytes: int) -> None:
    """Refuse an embedded object that is deep, large or not canonical.

    Depth comes first and without recursion, so that no input can exhaust the stack.

    Raises:
        ObjectTooLarge: deeper than `MAX_DEPTH` or longer than ``max_bytes`` canonical bytes.
        NotCanonical: it holds floats, wide integers or keys outside ASCII.
    """
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            break
    else:
        raise ObjectTooLarge(f"{what} is nested more than {MAX_DEPTH} levels deep")
    if len(canonical.encode(value)) > max_bytes:
        raise ObjectTooLarge(f"{what} is longer than {max_bytes} bytes")


def _children(item: object) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def duplicates(values: Sequence[str]) -> list[str]:
    """Values that occur more than once, in order of their second occurrence."""
    seen: dict[str, int] = {}
    for value in values:
        seen[value] = seen.get(value, 0) + 1
    return [value for value, times in seen.items() if times > 1]
