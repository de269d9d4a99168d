"""Members' own algorithms: published, reviewed, approved."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import Page, ReasonRequest, Request, View
from hanse.api.operation import Operation

PackageText = Annotated[str, Field(max_length=128 * 1024)]


class AlgorithmView(View):
    """One version of an algorithm.

    Attributes:
        fingerprint: digest of its package, hex.
        manifest: inputs, parameters, outputs, limits, and what it reveals.
        environment: library versions it was traced with.
        approved_by: DIDs of the members that approve it now.
        here: whether this node has the package.
    """

    id: str
    author: str
    author_name: str = ""
    title: str = ""
    fingerprint: str
    size_bytes: int
    levels: list[int]
    manifest: dict[str, Any] = Field(default_factory=dict)
    manifest_digest: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    approved_by: list[str] = Field(default_factory=list)
    state: Literal["PUBLISHED", "WITHDRAWN"]
    published_ms: int = 0
    here: bool = False


class PackageView(View):
    """A package: its two files and their fingerprint."""

    id: str
    fingerprint: str
    manifest: str
    source: str


class PublishAlgorithmRequest(Request):
    """The two files of a package."""

    manifest: PackageText
    source: PackageText


class ApproveAlgorithmRequest(Request):
    """The fingerprint that was reviewed."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


OPERATIONS = (
    Operation(
        "algorithms.list",
        "GET",
        "/v1/algorithms",
        "List members' own algorithms",
        Page[AlgorithmView],
        query=("author", "state"),
    ),
    Operation("algorithms.show", "GET", "/v1/algorithms/{id}", "Show an algorithm", AlgorithmView),
    Operation(
        "algorithms.package",
        "GET",
        "/v1/algorithms/{id}/package",
        "Get an algorithm's package, checked against its fingerprint",
        PackageView,
        access="peer",
    ),
    Operation(
        "algorithms.publish",
        "POST",
        "/v1/algorithms",
        "Publish an algorithm",
        AlgorithmView,
        PublishAlgorithmRequest,
        status=201,
    ),
    Operation(
        "algorithms.approve",
        "POST",
        "/v1/algorithms/{id}/approve",
        "Approve an algorithm for the own part",
        AlgorithmView,
        ApproveAlgorithmRequest,
    ),
    Operation(
        "algorithms.revoke",
        "POST",
        "/v1/algorithms/{id}/revoke",
        "Take the own approval back",
        AlgorithmView,
        ReasonRequest,
    ),
    Operation(
        "algorithms.withdraw",
        "POST",
        "/v1/algorithms/{id}/withdraw",
        "Withdraw an own algorithm",
        AlgorithmView,
        ReasonRequest,
    ),
)
