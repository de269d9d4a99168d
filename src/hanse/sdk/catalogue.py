"""The shared catalogue and the operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.api.base import Page, ReasonRequest
from hanse.api.catalogue import (
    DatasetView,
    PublishResourceRequest,
    ResourceView,
    UpdateDatasetRequest,
)
from hanse.api.errors import build
from hanse.api.operators import OperatorListView, OperatorView
from hanse.sdk.area import Area, page


class CatalogueArea(Area):
    """Datasets and computing resources of all members."""

    def datasets(
        self,
        *,
        q: str | None = None,
        owner: str | None = None,
        keyword: str | None = None,
        field: str | None = None,
        purpose: str | None = None,
        operator: str | None = None,
        max_level: int | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[DatasetView]:
        """One page of a search; ``q`` looks in titles, descriptions, keywords and fields."""
        query = page(
            limit,
            after,
            q=q,
            owner=owner,
            keyword=keyword,
            field=field,
            purpose=purpose,
            operator=operator,
            max_level=max_level,
            state=state,
        )
        return self._http.call("catalogue.datasets", Page[DatasetView], query=query)

    def dataset(self, dataset: str) -> DatasetView:
        """A dataset with its fields and terms."""
        return self._http.call("catalogue.dataset", DatasetView, path={"id": dataset})

    def update_dataset(
        self,
        dataset: str,
        *,
        title: str | None = None,
        description: str | None = None,
        keywords: Sequence[str] | None = None,
        level: int | None = None,
        levels: Mapping[str, int] | None = None,
        operators: Sequence[str] | None = None,
        purposes: Sequence[str] | None = None,
        price_points: int | None = None,
    ) -> DatasetView:
        """Change an own entry; what is not given stays."""
        fields = {
            "title": title,
            "description": description,
            "keywords": keywords,
            "level": level,
            "levels": levels,
            "operators": operators,
            "purposes": purposes,
            "price_points": price_points,
        }
        body = build(UpdateDatasetRequest, fields)
        return self._http.call(
            "catalogue.update_dataset", DatasetView, path={"id": dataset}, body=body
        )

    def withdraw_dataset(self, dataset: str, reason: str = "") -> DatasetView:
        """Withdraw an own entry."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(
            "catalogue.withdraw_dataset", DatasetView, path={"id": dataset}, body=body
        )

    def resources(
        self,
        *,
        owner: str | None = None,
        protocol: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[ResourceView]:
        """One page of computing resources."""
        query = page(limit, after, owner=owner, protocol=protocol, state=state)
        return self._http.call("catalogue.resources", Page[ResourceView], query=query)

    def resource(self, resource: str) -> ResourceView:
        """A computing resource."""
        return self._http.call("catalogue.resource", ResourceView, path={"id": resource})

    def publish_resource(
        self, *, protocols: Sequence[str], cores: int, memory_bytes: int, price_points: int = 0
    ) -> ResourceView:
        """Offer computing capacity."""
        fields = {
            "protocols": [*protocols],
            "cores": cores,
            "memory_bytes": memory_bytes,
            "price_points": price_points,
        }
        body = build(PublishResourceRequest, fields)
        return self._http.call("catalogue.publish_resource", ResourceView, body=body)

    def withdraw_resource(self, resource: str, reason: str = "") -> ResourceView:
        """Withdraw an own resource."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(
            "catalogue.withdraw_resource", ResourceView, path={"id": resource}, body=body
        )


class OperatorsArea(Area):
    """Operators the node can run."""

    def list(self) -> OperatorListView:
        """Every operator."""
        return self._http.call("operators.list", OperatorListView)

    def get(self, name: str) -> OperatorView:
        """An operator's declaration: parameters, levels, what it reveals."""
        return self._http.call("operators.get", OperatorView, path={"name": name})
