"""Members' own algorithms."""

from __future__ import annotations

from hanse.api.algorithms import (
    AlgorithmView,
    ApproveAlgorithmRequest,
    PackageView,
    PublishAlgorithmRequest,
)
from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.sdk.area import Area, page


class AlgorithmsArea(Area):
    """Algorithms of all members, and this organisation's approvals."""

    def list(
        self,
        *,
        author: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[AlgorithmView]:
        """One page of algorithms; withdrawn ones when asked for by state."""
        query = page(limit, after, author=author, state=state)
        return self._http.call("algorithms.list", Page[AlgorithmView], query=query)

    def show(self, algorithm: str) -> AlgorithmView:
        """A version, ``name@1.0.0``, with who approved it."""
        return self._http.call("algorithms.show", AlgorithmView, path={"id": algorithm})

    def package(self, algorithm: str) -> PackageView:
        """Its files; the node fetches them from the author when it does not have them."""
        return self._http.call("algorithms.package", PackageView, path={"id": algorithm})

    def publish(self, manifest: str, source: str) -> AlgorithmView:
        """Publish the two files' texts under name and version of the manifest."""
        body = build(PublishAlgorithmRequest, {"manifest": manifest, "source": source})
        return self._http.call("algorithms.publish", AlgorithmView, body=body)

    def approve(self, algorithm: str, fingerprint: str) -> AlgorithmView:
        """Approve what has this fingerprint, for the own organisation's part."""
        body = build(ApproveAlgorithmRequest, {"fingerprint": fingerprint})
        return self._http.call(
            "algorithms.approve", AlgorithmView, path={"id": algorithm}, body=body
        )

    def revoke(self, algorithm: str, reason: str = "") -> AlgorithmView:
        """Take the approval back; flows that name it end."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(
            "algorithms.revoke", AlgorithmView, path={"id": algorithm}, body=body
        )

    def withdraw(self, algorithm: str, reason: str = "") -> AlgorithmView:
        """Withdraw an own version for good."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(
            "algorithms.withdraw", AlgorithmView, path={"id": algorithm}, body=body
        )
