"""Parameters as written → canonical values of the declared types.

The declaration decides the type, so ``label: y``, ``label: no`` and ``label: 2020`` all name a
column. Numbers that are no integers become decimal strings exactly as written, never floats.
"""

from __future__ import annotations

import difflib
import re

import msgspec

from hanse.collaboration.language.errors import FlowBadParameter, FlowUnknownParameter
from hanse.collaboration.language.source import Scalar
from hanse.collaboration.language.tree import Parameter, StepDeclaration
from hanse.compute.errors import BadParameter
from hanse.compute.operators.declaration import OperatorSpec, Value
from hanse.compute.operators.declaration import Parameter as Declared
from hanse.compute.operators.parameters import validate_parameters

_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_NOTHING = ("", "~", "null")


def compile_parameters(spec: OperatorSpec, step: StepDeclaration) -> dict[str, Value]:
    """Values for every declared parameter; defaults are written out.

    Raises:
        FlowUnknownParameter, FlowBadParameter: with the line of the parameter.
    """
    for name, parameter in step.parameters.items():
        if name not in spec.parameters:
            raise _unknown(spec, name, parameter)
    values: dict[str, Value] = {}
    for name, declared in spec.parameters.items():
        given = step.parameters.get(name)
        if given is None and declared.required:
            raise FlowBadParameter(
                f"step {step.id!r}: {spec.name} needs the parameter {name!r}", line=step.line
            )
        # One parameter at a time, so that the declaration's own check gets a line.
        alone = msgspec.structs.replace(spec, parameters={name: declared})
        written = {} if given is None else {name: _value(name, declared, given)}
        try:
            values[name] = validate_parameters(alone, written)[name]
        except BadParameter as error:
            line = step.line if given is None else given.line
            raise FlowBadParameter(f"step {step.id!r}: {error.message}", line=line) from error
    return values


def _unknown(spec: OperatorSpec, name: str, parameter: Parameter) -> FlowUnknownParameter:
    near = difflib.get_close_matches(name, list(spec.parameters), 1)
    known = ", ".join(spec.parameters) or "none"
    hint = f"did you mean {near[0]!r}?" if near else f"it has: {known}"
    return FlowUnknownParameter(
        f"{spec.name} has no parameter {name[:40]!r}; {hint}", line=parameter.line
    )


def _value(name: str, declared: Declared, given: Parameter) -> Value:
    if declared.type == "texts":
        items = given.value if isinstance(given.value, tuple) else (given.value,)
        return [_text(name, item) for item in items]
    if isinstance(given.value, tuple):
        raise FlowBadParameter(f"{name!r} is one value, not a list", line=given.line)
    scalar = given.value
    if declared.type == "text":
        return _text(name, scalar)
    if declared.type == "boolean":
        if not scalar.plain or scalar.text not in _BOOLEANS:
            raise FlowBadParameter(f"{name!r} is true or false", line=scalar.line)
        return _BOOLEANS[scalar.text]
    if declared.type == "integer":
        if not scalar.plain or not _INTEGER.fullmatch(scalar.text):
            raise FlowBadParameter(f"{name!r} is a whole number", line=scalar.line)
        return int(scalar.text)
    if not _DECIMAL.fullmatch(scalar.text):
        raise FlowBadParameter(f"{name!r} is a number such as 0.3", line=scalar.line)
    return scalar.text


def _text(name: str, scalar: Scalar) -> str:
    if scalar.plain and scalar.text in _NOTHING:
        raise FlowBadParameter(f"{name!r} has no value", line=scalar.line)
    return scalar.text
