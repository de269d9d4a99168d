"""A flow that ran to its end, and a service on what it made, on a contract network."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network
from contract_story import DAY_MS, Story

from hanse.contracts.services import messages
from hanse.contracts.services.queries import get_service
from hanse.contracts.services.types import ServiceRecord, ServiceTerms

HEAD = "ab" * 32


class Served:
    """A flow that ran to its end, and a service on the model it made."""

    def __init__(self) -> None:
        self.story = Story(points=10_000)
        self.net: Network = self.story.net
        self.flow = self.story.deploy()
        self.story.run_all(self.flow)

    def terms(self, **changes: Any) -> ServiceTerms:
        fields = {
            "purpose": "credit-risk",
            "not_after_ms": self.net.time_ms + DAY_MS,
            "uses": 100,
            "window_ms": 60_000,
            "window_uses": 40,
            **changes,
        }
        return ServiceTerms(**fields)

    def message(self, **changes: Any) -> messages.OfferService:
        fields: dict[str, Any] = {
            "kind": "prediction",
            "name": "scores",
            "flow": self.flow,
            "step": "train",
            "output": "model",
            "receiver": self.net.did("bank"),
            "terms": self.terms(),
            **changes,
        }
        return messages.OfferService(**fields)

    def offer(self, sender: str = "merchant", **changes: Any) -> str:
        service: str = self.net.send(sender, self.message(**changes)).result.service
        return service

    def active(self, **changes: Any) -> str:
        service = self.offer(**changes)
        for name in ("bank", "compute_1"):
            self.net.send(name, messages.AcceptService(service))
        return service

    def load(self, service: str) -> ServiceRecord:
        record = get_service(self.net.state, service)
        assert record is not None
        return record

    def refuse(self, error: type[Exception], sender: str, message: Any) -> None:
        before = dict(self.net.state.data)
        with pytest.raises(error):
            self.net.send(sender, message)
        assert self.net.state.data == before
