"""Check the parameters of a step against the operator's declaration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from hanse.compute.errors import BadParameter, UnknownParameter
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Value

MAX_TEXT = 256
MAX_LIST = 1000


def validate_parameters(spec: OperatorSpec, given: Mapping[str, object]) -> dict[str, Value]:
    """Return every parameter of the operator, checked, with defaults filled in.

    Decimals come back as decimal strings, so the result has a canonical encoding.

    Raises:
        UnknownParameter: for a name the operator does not have.
        BadParameter: for a missing, mistyped or out-of-range value; names the parameter.
    """
    for name in given:
        if name not in spec.parameters:
            known = ", ".join(spec.parameters) or "none"
            raise UnknownParameter(
                f"{spec.name} has no parameter {str(name)[:60]!r}; it has: {known}"
            )
    checked: dict[str, Value] = {}
    for name, parameter in spec.parameters.items():
        value = given.get(name, parameter.default)
        if value is None:
            raise BadParameter(f"{spec.name} needs the parameter {name!r}")
        checked[name] = _checked(name, parameter, value)
    return checked


def decimal_of(value: Value) -> float:
    """A checked decimal parameter as a float."""
    return float(str(value))


def _checked(name: str, parameter: Parameter, value: object) -> Value:
    if parameter.type == "text":
        return _text(name, parameter, value)
    if parameter.type == "texts":
        return _texts(name, value)
    if parameter.type == "boolean":
        if not isinstance(value, bool):
            raise BadParameter(f"{name!r} must be true or false")
        return value
    return _number(name, parameter, value)


def _text(name: str, parameter: Parameter, value: object) -> str:
    if value == "" == parameter.default:
        return ""
    if not isinstance(value, str) or not value or len(value) > parameter.max_length:
        raise BadParameter(f"{name!r} must be a text of 1 to {parameter.max_length} characters")
    if parameter.choices and value not in parameter.choices:
        raise BadParameter(f"{name!r} must be one of: {', '.join(parameter.choices)}")
    return value


def _texts(name: str, value: object) -> list[str]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or len(items) > MAX_LIST:
        raise BadParameter(f"{name!r} must be a list of at most {MAX_LIST} texts")
    texts = [item for item in items if isinstance(item, str) and 0 < len(item) <= MAX_TEXT]
    if len(texts) != len(items):
        raise BadParameter(f"{name!r} must hold texts of 1 to {MAX_TEXT} characters")
    if len(set(texts)) != len(texts):
        raise BadParameter(f"{name!r} names something twice")
    return texts


def _number(name: str, parameter: Parameter, value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadParameter(f"{name!r} must be a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise BadParameter(f"{name!r} must be a number") from None
    if not number.is_finite():
        raise BadParameter(f"{name!r} must be a finite number")
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and number < Decimal(low)) or (high is not None and number > Decimal(high)):
        raise BadParameter(f"{name!r} must be between {low} and {high}")
    if parameter.type == "decimal":
        return format(number.normalize(), "f")
    if number != number.to_integral_value():
        raise BadParameter(f"{name!r} must be a whole number")
    return int(number)
