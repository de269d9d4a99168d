"""Validators, nodes, votes on power and reports of faults."""

from __future__ import annotations

from hanse.api.base import Page, TransactionOutcome
from hanse.api.errors import build
from hanse.api.validators import (
    FaultReportView,
    RegisteredNodeView,
    RegisterNodeRequest,
    RotateValidatorKeysRequest,
    ValidatorView,
    ValidatorVoteView,
    VoteValidatorRequest,
)
from hanse.sdk.area import Area, page


class ValidatorsArea(Area):
    """Who votes on blocks; empty in networks of the embedded engine."""

    def list(
        self, *, height: int | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ValidatorView]:
        """The set that votes on the next block, or on the block of a height."""
        query = page(limit, after, height=height)
        return self._http.call("validators.list", Page[ValidatorView], query=query)

    def nodes(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Page[RegisteredNodeView]:
        """One page of registered nodes, newest first."""
        return self._http.call(
            "validators.nodes", Page[RegisteredNodeView], query=page(limit, after)
        )

    def votes(
        self, *, did: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ValidatorVoteView]:
        """One page of open votes on power, newest first."""
        query = page(limit, after, did=did)
        return self._http.call("validators.votes", Page[ValidatorVoteView], query=query)

    def reports(
        self, *, offender: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[FaultReportView]:
        """One page of reports of faults, newest first."""
        query = page(limit, after, offender=offender)
        return self._http.call("validators.reports", Page[FaultReportView], query=query)

    def vote(self, did: str, power: int) -> TransactionOutcome:
        """Vote for a member's power; 0 takes its vote away."""
        body = build(VoteValidatorRequest, {"did": did, "power": power})
        return self._http.call("validators.vote", TransactionOutcome, body=body)

    def register(self, address: str, name: str = "") -> TransactionOutcome:
        """Register the node's own keys under an address, or tell its new address."""
        body = build(RegisterNodeRequest, {"address": address, "name": name})
        return self._http.call("validators.register", TransactionOutcome, body=body)

    def rotate_keys(self, key: str = "both") -> TransactionOutcome:
        """Exchange the node's engine key, its certificate key, or both.

        New ones vote two blocks after the answered height.

        Args:
            key: ``engine``, ``certificate`` or ``both``.
        """
        body = build(RotateValidatorKeysRequest, {"key": key})
        return self._http.call("validators.rotate_keys", TransactionOutcome, body=body)

    def deregister(self) -> TransactionOutcome:
        """Take the node off the ledger; refused while it votes."""
        return self._http.call("validators.deregister", TransactionOutcome)
