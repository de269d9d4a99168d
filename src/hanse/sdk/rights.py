"""The three rights of a dataset."""

from __future__ import annotations

from hanse.api.errors import build
from hanse.api.rights import RightsView, TransferRightRequest
from hanse.sdk.area import Area


class RightsArea(Area):
    """Holding, processing and operation of datasets."""

    def show(self, dataset: str) -> RightsView:
        """Who holds the rights of a dataset."""
        return self._http.call("rights.show", RightsView, path={"dataset": dataset})

    def transfer(self, dataset: str, right: str, to: str) -> RightsView:
        """Hand one right on; ``right`` is holding, processing or operation."""
        body = build(TransferRightRequest, {"right": right, "to": to})
        return self._http.call("rights.transfer", RightsView, path={"dataset": dataset}, body=body)
