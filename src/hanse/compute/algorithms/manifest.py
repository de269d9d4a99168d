"""The manifest of an algorithm package: what it takes, what it gives, what it reveals."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta

from hanse.compute.algorithms.errors import BadManifest

MAX_MANIFEST_BYTES = 16 * 1024
MAX_MAGNITUDE = 1e7
"""Largest value of an input: what a 64-bit ring with 18 fraction bits carries with room to add."""

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
Version = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}\Z")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Paragraph = Annotated[str, Meta(min_length=1, max_length=2000)]
Extent = Annotated[int, Meta(ge=1, le=100_000)]
Number = int | float
Value = bool | int | float
REFERENCE = re.compile(r"([a-z][a-z0-9_]{0,39})@((?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){2})\Z")


class InputColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column; ``decimal`` arrives as float32, ``integer`` as int32, both of shape (rows,)."""

    minimum: Number
    maximum: Number
    type: Literal["decimal", "integer"] = "decimal"
    help: str = ""

    @property
    def dtype(self) -> str:
        """NumPy's name of the array's type."""
        return "float32" if self.type == "decimal" else "int32"


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter: a Python value the function is traced with, public to all parties."""

    default: Value
    type: Literal["decimal", "integer", "boolean"] = "decimal"
    minimum: Number | None = None
    maximum: Number | None = None
    help: str = ""


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An array: one value per row (``rows``), or of a fixed shape; ``[]`` is a single number."""

    shape: Literal["rows"] | Annotated[list[Extent], Meta(max_length=3)]
    help: str = ""
    help_zh: str = ""

    def extents(self, rows: int) -> tuple[int, ...]:
        """Its shape for a number of rows."""
        return (rows,) if self.shape == "rows" else tuple(int(extent) for extent in self.shape)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tracing, and a plain run, may take in the sandbox."""

    seconds: Annotated[int, Meta(ge=1, le=3600)] = 60
    memory_mib: Annotated[int, Meta(ge=64, le=65_536)] = 1024


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything parties need to know before they approve.

    Attributes:
        reveals: in plain words, what the receivers learn from the outputs.
        levels: data levels (JR/T 0197-2020) it may be applied to.
    """

    name: Name
    version: Version
    title: Line
    title_zh: Line
    summary: Paragraph
    summary_zh: Paragraph
    inputs: Annotated[dict[Name, InputColumn], Meta(min_length=1, max_length=64)]
    parameters: Annotated[dict[Name, Setting], Meta(max_length=32)] = msgspec.field(
        default_factory=dict
    )
    outputs: Annotated[dict[Name, Output], Meta(min_length=1, max_length=32)]
    reveals: Paragraph
    reveals_zh: Paragraph
    levels: Annotated[list[Annotated[int, Meta(ge=1, le=5)]], Meta(min_length=1, max_length=5)]
    limits: Limits = Limits()

    @property
    def reference(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"


def read_manifest(text: str) -> Manifest:
    """Read and check a manifest.

    Raises:
        BadManifest: naming the entry that does not fit.
    """
    if len(text.encode()) > MAX_MANIFEST_BYTES:
        raise BadManifest(f"the manifest is longer than {MAX_MANIFEST_BYTES} bytes")
    try:
        return check_manifest(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        raise BadManifest("the manifest is no YAML") from error


def check_manifest(plain: object) -> Manifest:
    """A manifest from plain values, such as those on the ledger.

    Raises:
        BadManifest: naming the entry that does not fit.
    """
    try:
        manifest = msgspec.convert(plain, Manifest)
    except msgspec.ValidationError as error:
        raise BadManifest(str(error)[:300]) from error
    _check_ranges(manifest)
    if set(manifest.inputs) & set(manifest.parameters):
        raise BadManifest("an input and a parameter have the same name")
    if len(set(manifest.levels)) != len(manifest.levels):
        raise BadManifest("levels: a level is named twice")
    return manifest


def plain_manifest(manifest: Manifest) -> dict[str, Any]:
    """The manifest for the ledger: numbers that are no integers as decimal strings."""
    plain: dict[str, Any] = _without_floats(msgspec.to_builtins(manifest))
    return plain


def from_plain(plain: dict[str, Any]) -> Manifest:
    """A manifest from what `plain_manifest` made.

    Raises:
        BadManifest: when it is none.
    """
    return check_manifest(_with_floats(plain))


def settings_of(manifest: Manifest, given: list[str]) -> dict[str, Value]:
    """Parameters from ``name=value`` texts, checked, defaults filled in.

    Raises:
        BadManifest: naming a parameter that is unknown or out of its range.
    """
    values = {name: setting.default for name, setting in manifest.parameters.items()}
    for text in given:
        name, sign, written = text.partition("=")
        setting = manifest.parameters.get(name.strip())
        if not sign or setting is None:
            known = ", ".join(manifest.parameters) or "none"
            raise BadManifest(f"{text[:60]!r} sets no parameter; there are: {known}")
        values[name.strip()] = _setting(name.strip(), setting, written.strip())
    return values


def split_reference(text: str) -> tuple[str, str]:
    """Name and version of ``name@version``.

    Raises:
        BadManifest: when it is none.
    """
    found = REFERENCE.match(text)
    if found is None:
        raise BadManifest(f"{text[:60]!r} is not of the form name@1.0.0")
    return found[1], found[2]


def _setting(name: str, setting: Setting, written: str) -> Value:
    if setting.type == "boolean":
        if written not in ("true", "false"):
            raise BadManifest(f"the parameter {name!r} is true or false")
        return written == "true"
    try:
        value: Value = int(written) if setting.type == "integer" else float(written)
    except ValueError:
        raise BadManifest(f"the parameter {name!r} is a {setting.type}") from None
    _check_setting(name, setting, value)
    return value


def _check_setting(name: str, setting: Setting, value: Value) -> None:
    low, high = setting.minimum, setting.maximum
    fits = setting.type == "boolean" or abs(value) <= MAX_MAGNITUDE
    if not fits or (low is not None and value < low) or (high is not None and value > high):
        raise BadManifest(f"the parameter {name!r} is out of its range")


def _check_ranges(manifest: Manifest) -> None:
    for name, column in manifest.inputs.items():
        low, high = column.minimum, column.maximum
        if not -MAX_MAGNITUDE <= low <= high <= MAX_MAGNITUDE:
            raise BadManifest(f"inputs.{name}: minimum and maximum lie within ±{MAX_MAGNITUDE:g}")
    for name, setting in manifest.parameters.items():
        if isinstance(setting.default, bool) != (setting.type == "boolean"):
            raise BadManifest(f"parameters.{name}: the default is no {setting.type}")
        if setting.type == "integer" and not isinstance(setting.default, int):
            raise BadManifest(f"parameters.{name}: the default is no integer")
        _check_setting(name, setting, setting.default)


def _without_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    return f"decimal {value!r}" if isinstance(value, float) else value


def _with_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    if isinstance(value, str) and value.startswith("decimal "):
        try:
            return float(value.removeprefix("decimal "))
        except ValueError:
            return value
    return value
