"""Grants: apply, negotiate, agree, revoke."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.api.grants import (
    GrantExplanationView,
    GrantView,
    OfferGrantRequest,
    RequestGrantRequest,
)
from hanse.sdk.area import Area, page
from hanse.sdk.errors import GrantClosed
from hanse.sdk.waiting import Progress, wait_until


class GrantsArea(Area):
    """Grants this node gives, uses or may see."""

    def request(
        self,
        dataset: str,
        *,
        fields: Sequence[str],
        purpose: str,
        operators: Sequence[str],
        not_after_ms: int,
        uses: int = 1,
    ) -> GrantView:
        """Apply for use of a dataset; one use is one flow."""
        asked = {
            "dataset": dataset,
            "fields": [*fields],
            "purpose": purpose,
            "operators": [*operators],
            "uses": uses,
            "not_after_ms": not_after_ms,
        }
        body = build(RequestGrantRequest, asked)
        return self._http.call("grants.request", GrantView, body=body)

    def list(
        self,
        *,
        side: str | None = None,
        state: str | None = None,
        standing: str | None = None,
        dataset: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[GrantView]:
        """One page of grants; ``side`` owner or consumer."""
        query = page(limit, after, side=side, state=state, standing=standing, dataset=dataset)
        return self._http.call("grants.list", Page[GrantView], query=query)

    def get(self, grant: str) -> GrantView:
        """A grant as it stands."""
        return self._http.call("grants.get", GrantView, path={"id": grant})

    def explain(self, grant: str, *, lang: str | None = None) -> GrantExplanationView:
        """In plain words what the grant would reveal, and to whom (``lang`` en or zh)."""
        return self._http.call(
            "grants.explain", GrantExplanationView, path={"id": grant}, query={"lang": lang}
        )

    def offer(
        self,
        grant: str,
        *,
        fields: Sequence[str] | None = None,
        purpose: str | None = None,
        operators: Sequence[str] | None = None,
        uses: int | None = None,
        not_after_ms: int | None = None,
        price_points: int | None = None,
    ) -> GrantView:
        """Offer other terms, as the owner; what is not given stays as asked for."""
        changed = {
            "fields": fields,
            "purpose": purpose,
            "operators": operators,
            "uses": uses,
            "not_after_ms": not_after_ms,
            "price_points": price_points,
        }
        body = build(OfferGrantRequest, changed)
        return self._http.call("grants.offer", GrantView, path={"id": grant}, body=body)

    def accept(self, grant: str) -> GrantView:
        """Accept the owner's offer, as the consumer."""
        return self._http.call("grants.accept", GrantView, path={"id": grant})

    def agree(self, grant: str) -> GrantView:
        """Agree, as the owner."""
        return self._http.call("grants.agree", GrantView, path={"id": grant})

    def verify(self, grant: str) -> GrantView:
        """Confirm the agreement, as the consumer; the grant becomes final."""
        return self._http.call("grants.verify", GrantView, path={"id": grant})

    def terminate(self, grant: str, reason: str = "") -> GrantView:
        """Reject or withdraw before the grant is final."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("grants.terminate", GrantView, path={"id": grant}, body=body)

    def revoke(self, grant: str, reason: str = "") -> GrantView:
        """Revoke a final grant; a running flow stops at its next checkpoint."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("grants.revoke", GrantView, path={"id": grant}, body=body)

    def wait_state(
        self,
        grant: str,
        states: Sequence[str],
        timeout_s: float = 600.0,
        progress: Progress[GrantView] | None = None,
    ) -> GrantView:
        """Wait until the grant is in one of ``states``.

        Raises:
            GrantClosed: when it was terminated instead.
        """
        reached = wait_until(
            lambda: self.get(grant),
            lambda view: view.state in states or view.state == "TERMINATED",
            what=f"grant {grant} in {' or '.join(states)}",
            timeout_s=timeout_s,
            progress=progress,
        )
        if reached.state not in states:
            raise GrantClosed(
                f"grant {grant} was terminated: {reached.reason or 'no reason given'}"
            )
        return reached
