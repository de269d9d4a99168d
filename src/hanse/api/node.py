"""The node itself: who it is, how it is, and the catalogue of its errors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hanse.api.base import View
from hanse.api.operation import Operation


class NodeView(View):
    """The organisation behind this address and its place in the network."""

    name: str
    did: str
    suite: Literal["sm", "intl"]
    version: str
    chain: str = ""
    network: str = ""
    ledger_role: Literal["sequencer", "follower", "none"] = "none"
    height: int = 0
    member_state: str = ""
    roles: list[str] = Field(default_factory=list)
    endpoint: str = ""


class HealthCheck(View):
    """One part that was looked at."""

    name: str
    ok: bool
    detail: str = ""


class HealthView(View):
    """``ok`` when every check is; the HTTP status is 503 otherwise."""

    ok: bool
    checks: list[HealthCheck] = Field(default_factory=list)


class ErrorEntry(View):
    """One line of the error catalogue."""

    code: str
    kind: str
    status: int
    exit_code: int
    retryable: bool
    help: str


class ErrorCatalogueView(View):
    """Every error this node may answer with, by code."""

    items: list[ErrorEntry]


OPERATIONS = (
    Operation("node.show", "GET", "/v1/node", "Show the node", NodeView, access="public"),
    Operation("node.health", "GET", "/health", "Health by part", HealthView, access="public"),
    Operation(
        "node.metrics",
        "GET",
        "/metrics",
        "Metrics in Prometheus text format",
        str,
        access="public",
        answers="bytes",
    ),
    Operation(
        "node.errors",
        "GET",
        "/v1/errors",
        "The error catalogue",
        ErrorCatalogueView,
        access="public",
    ),
)
