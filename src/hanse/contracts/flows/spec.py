"""The compiled form of a flow: what is deployed, pinned and executed.

Aliases, names of data and models, and step ids are slugs; ``"name"`` or ``"step.port"`` refers to
an input. Numbers that are no integers travel as decimal strings.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import (
    Did,
    Identifier,
    OptionalIdentifier,
    Points,
    Reference,
    Slug,
    Term,
    Title,
)

MAX_STEPS = 64
Priority = Annotated[int, Meta(ge=1, le=9)]
Aliases = Annotated[list[Slug], Meta(max_length=32)]
FieldName = Annotated[str, Meta(min_length=1, max_length=200)]
ParameterText = Annotated[str, Meta(max_length=2000)]
ParameterInteger = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
ParameterList = Annotated[list[ParameterText], Meta(max_length=2000)]
Parameter = bool | ParameterInteger | ParameterText | ParameterList
DeadlineMs = Annotated[int, Meta(ge=1_000, le=30 * 24 * 3_600_000)]


class DataUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that enters the flow. ``grant`` is empty only for the initiator's own data."""

    owner: Slug
    dataset: Identifier
    fields: Annotated[list[FieldName], Meta(min_length=1, max_length=2000)]
    grant: OptionalIdentifier = ""


class ModelUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that a step of an earlier flow made.

    Attributes:
        flow, step, output: what made it; the flow has completed.
        grants: grant by dataset the model descends from, for all that are not the initiator's own.
    """

    flow: Identifier
    step: Slug
    output: Slug
    grants: Annotated[dict[Identifier, Identifier], Meta(max_length=32)] = msgspec.field(
        default_factory=dict
    )


class StepSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operator run.

    Attributes:
        owners: aliases whose data or shares enter.
        computes: aliases that run the protocol; three for aby3, two for cheetah.
        receivers: aliases that may open the result.
        deadline_ms: time one attempt has, from request to the last outcome.
    """

    id: Slug
    operator: Slug
    operator_version: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    inputs: Annotated[dict[Slug, Reference], Meta(max_length=32)]
    parameters: Annotated[dict[Slug, Parameter], Meta(max_length=64)] = msgspec.field(
        default_factory=dict
    )
    owners: Aliases
    computes: Aliases = msgspec.field(default_factory=list)
    receivers: Aliases = msgspec.field(default_factory=list)
    protocol: Slug
    deadline_ms: DeadlineMs = 600_000
    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 3


class FlowSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flow: parties, data, models of earlier flows, steps in any order, fees by alias.

    Steps of a flow with a higher ``priority`` get a node's free slots first.
    """

    v: Annotated[int, Meta(ge=1, le=1)] = 1
    name: Title
    purpose: Term
    parties: Annotated[dict[Slug, Did], Meta(min_length=1, max_length=32)]
    data: Annotated[dict[Slug, DataUse], Meta(min_length=1, max_length=32)]
    steps: Annotated[list[StepSpec], Meta(min_length=1, max_length=MAX_STEPS)]
    fees: Annotated[dict[Slug, Points], Meta(max_length=32)] = msgspec.field(default_factory=dict)
    priority: Priority = 5
    models: Annotated[dict[Slug, ModelUse], Meta(max_length=8)] = msgspec.field(
        default_factory=dict
    )
