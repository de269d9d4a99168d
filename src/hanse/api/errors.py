"""What a body that does not fit its model is answered with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hanse.core.errors import InputError

M = TypeVar("M", bound=BaseModel)


class InvalidRequest(InputError):
    """A request field is missing, unknown, of the wrong type or out of range."""

    code = "api.invalid_request"
    help = "Correct the fields named; the OpenAPI document at /openapi.json lists them."


def describe(errors: Iterable[Mapping[str, Any]]) -> str:
    """Name fields and what is wrong with them, never the values: they may be passwords."""
    lines = []
    for error in errors:
        place = ".".join(str(part) for part in error["loc"] if part != "body") or "body"
        lines.append(f"{place}: {error['msg']}")
    return "; ".join(lines)


def build(model: type[M], fields: Mapping[str, Any]) -> M:
    """Make a request model; None leaves a field at its default.

    Raises:
        InvalidRequest: naming the fields that do not fit.
    """
    try:
        return model(**{name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        raise InvalidRequest(describe(error.errors(include_input=False))) from None
