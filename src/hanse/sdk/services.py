"""Services between owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.api.services import (
    AcceptServiceRequest,
    OfferServiceRequest,
    PredictionsView,
    PredictRequest,
    ReserveUsesRequest,
    RetrievedView,
    RetrieveRequest,
    ServiceView,
    UsageCheckView,
    UsageView,
    VerifyUsageRequest,
)
from hanse.sdk.area import Area, page

Keys = Sequence[str | Sequence[str]]


class ServicesArea(Area):
    """Offer, sign and use services; see how much was used."""

    def offer(
        self,
        kind: Literal["prediction", "retrieval"],
        flow: str,
        step: str,
        output: str,
        *,
        name: str,
        receiver: str,
        purpose: str,
        not_after_ms: int,
        uses: int | None = None,
        window_ms: int = 60_000,
        window_uses: int | None = None,
        prices: Mapping[str, int] | None = None,
        table: str = "",
    ) -> ServiceView:
        """Offer what a step made to a receiver; this node's signature."""
        asked = {
            "kind": kind,
            "name": name,
            "flow": flow,
            "step": step,
            "output": output,
            "receiver": receiver,
            "purpose": purpose,
            "not_after_ms": not_after_ms,
            "uses": uses,
            "window_ms": window_ms,
            "window_uses": window_uses,
            "prices": dict(prices or {}),
            "table": table,
        }
        body = build(OfferServiceRequest, asked)
        return self._http.call("services.offer", ServiceView, body=body)

    def list(
        self, *, state: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ServiceView]:
        """One page of the services this node is a party of, newest first."""
        query = page(limit, after, state=state)
        return self._http.call("services.list", Page[ServiceView], query=query)

    def get(self, service: str) -> ServiceView:
        """A service as it stands."""
        return self._http.call("services.get", ServiceView, path={"id": service})

    def accept(self, service: str, table: str = "") -> ServiceView:
        """Sign the terms; ``table`` is where this node looks ids up."""
        body = build(AcceptServiceRequest, {"table": table})
        return self._http.call("services.accept", ServiceView, path={"id": service}, body=body)

    def reserve(self, service: str, uses: int) -> ServiceView:
        """Reserve uses on the ledger, as the receiver; their price is due at once, used or not."""
        body = build(ReserveUsesRequest, {"uses": uses})
        return self._http.call("services.reserve", ServiceView, path={"id": service}, body=body)

    def predict(self, service: str, ids: Keys) -> PredictionsView:
        """Score ids, as the receiver; one use each."""
        body = build(PredictRequest, {"ids": _plain(ids)})
        return self._http.call("services.predict", PredictionsView, path={"id": service}, body=body)

    def retrieve(self, service: str, keys: Keys) -> RetrievedView:
        """Look keys up privately, as the receiver; one use each."""
        body = build(RetrieveRequest, {"keys": _plain(keys)})
        return self._http.call("services.retrieve", RetrievedView, path={"id": service}, body=body)

    def suspend(self, service: str, reason: str = "") -> ServiceView:
        """Stop it for a while; only this node can resume it then."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("services.suspend", ServiceView, path={"id": service}, body=body)

    def resume(self, service: str) -> ServiceView:
        """Let a service go on that this node suspended."""
        return self._http.call("services.resume", ServiceView, path={"id": service})

    def end(self, service: str, reason: str = "") -> ServiceView:
        """Stop it for good, or decline its offer."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("services.end", ServiceView, path={"id": service}, body=body)

    def usage(self, service: str, *, above: int | None = None) -> UsageView:
        """Signed tickets counted here with a total above ``above``, at most 1,000."""
        return self._http.call(
            "services.usage", UsageView, path={"id": service}, query={"above": above}
        )

    def verify(self, service: str, tickets: Sequence[str]) -> UsageCheckView:
        """Check a node's tickets, oldest first, against signatures and the ledger."""
        body = build(VerifyUsageRequest, {"tickets": [*tickets]})
        return self._http.call("services.verify", UsageCheckView, path={"id": service}, body=body)


def _plain(keys: Keys) -> list[object]:
    return [key if isinstance(key, str) else [*key] for key in keys]
