"""Bases of the wire models: what a caller sends is checked strictly, what a node answers grows.

Times are UTC milliseconds, amounts are points, sizes are bytes; the unit ends the name.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr

T = TypeVar("T")

Name = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=4_000)]
Did = Annotated[str, Field(min_length=1, max_length=200, description="did:hanse:…")]
Points = Annotated[int, Field(ge=0, le=2**53 - 1, description="Integer points.")]
Level = Annotated[int, Field(ge=1, le=5, description="Level by JR/T 0197-2020, 1 (open) to 5.")]
TimeMs = Annotated[int, Field(ge=0, le=2**53 - 1, description="UTC milliseconds.")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", description="Lower-case hex.")]

Secret = Annotated[
    SecretStr, PlainSerializer(lambda value: value.get_secret_value(), str, when_used="json")
]
"""Shown as stars in logs and tracebacks; written out only in the JSON body."""

MemberRole = Literal[
    "operator",
    "compute_provider",
    "data_provider",
    "algorithm_provider",
    "data_consumer",
    "auditor",
    "regulator",
    "custodian",
]
ColumnType = Literal["int64", "float64", "text", "bool", "date", "timestamp"]


class Request(BaseModel):
    """Base of request bodies: an unknown field is refused, so a typing error is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """Base of answers: a client ignores fields it does not know yet."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Page(View, Generic[T]):
    """One page of a list. ``next`` is the ``after`` of the following page; empty at the end."""

    items: list[T]
    next: str = ""


class ErrorBody(View):
    """What a caller sees of a named error; a failed receipt carries code and message too."""

    code: str
    message: str
    help: str = ""
    retryable: bool = False
    request_id: str = ""


class ErrorAnswer(View):
    """The body of every answer with status 400 and above."""

    error: ErrorBody


class ReasonRequest(Request):
    """An action that others will ask about; the reason is recorded on the ledger."""

    reason: Annotated[str, Field(max_length=500)] = ""


class TransactionOutcome(View):
    """A transaction that was committed and accepted."""

    transaction: str
    height: int
    time_ms: int = 0
