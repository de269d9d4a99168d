"""The three rights of a dataset, and handing one on."""

from __future__ import annotations

from typing import Literal

from hanse.api.base import Did, Request, View
from hanse.api.operation import Operation


class RightsView(View):
    """DIDs of who holds what; who holds *processing* decides on grants.

    Attributes:
        registered: false until the rights are first needed; the owner holds all of them then.
    """

    dataset: str
    holding: str
    processing: str
    operation: str
    registered: bool


class TransferRightRequest(Request):
    """Hand one right to another member; grants already agreed stay as they are."""

    right: Literal["holding", "processing", "operation"]
    to: Did


OPERATIONS = (
    Operation(
        "rights.show",
        "GET",
        "/v1/rights/{dataset}",
        "Show who holds a dataset's rights",
        RightsView,
    ),
    Operation(
        "rights.transfer",
        "POST",
        "/v1/rights/{dataset}/transfer",
        "Hand on one right of a dataset",
        RightsView,
        TransferRightRequest,
    ),
)
