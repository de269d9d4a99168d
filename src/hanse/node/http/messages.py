"""Ledger messages from API values; what does not fit is the caller's error, named."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from hanse.api.errors import InvalidRequest
from hanse.ledger.contract.contract import Message

M = TypeVar("M", bound=Message)


def message(type_: type[M], values: dict[str, Any]) -> M:
    """Make a message, checking every bound it declares.

    Raises:
        InvalidRequest: naming the field that does not fit.
    """
    try:
        return msgspec.convert(values, type_)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)) from error
