"""What the flows contract wants of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Members(Protocol):
    """Who is a member, with which roles, under whose control."""

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        ...

    def has_role(self, did: str, role: str) -> bool:
        """Whether an active member holds the role."""
        ...

    def controller(self, did: str) -> str:
        """Who controls the member in the end."""
        ...


class DatasetFacts(Protocol):
    """What the catalogue says of a dataset."""

    @property
    def owner(self) -> str:
        """DID of the owner."""
        ...

    @property
    def commitment(self) -> str:
        """Commitment to the content."""
        ...

    @property
    def level(self) -> int:
        """Sensitivity, 1 to 5."""
        ...

    @property
    def revision(self) -> int:
        """Revision of the description."""
        ...

    @property
    def fields(self) -> list[str]:
        """Names of all fields."""
        ...


class Datasets(Protocol):
    """The catalogue."""

    def published(self, dataset: str) -> DatasetFacts:
        """Facts about a dataset in the catalogue; refuses unknown and withdrawn ones."""
        ...


class GrantPrice(Protocol):
    """Who is paid for one use of a grant, and how much."""

    @property
    def payee(self) -> str:
        """DID."""
        ...

    @property
    def price_points(self) -> int:
        """Points of one use."""
        ...


class Grants(Protocol):
    """Counted uses of grants."""

    def reserve(
        self,
        grant: str,
        *,
        consumer: str,
        dataset: str,
        fields: Sequence[str],
        purpose: str,
        operators: Sequence[str],
        receivers: Sequence[str],
        flow: str,
    ) -> None:
        """Hold one use for a flow; refuses what the grant does not cover."""
        ...

    def consume(self, flow: str) -> None:
        """Spend every use the flow holds."""
        ...

    def release(self, flow: str) -> None:
        """Free every use the flow holds and has not spent."""
        ...

    def check(self, flow: str) -> str:
        """Error code of the first grant of the flow that no longer stands, or empty."""
        ...

    def price(self, grant: str) -> GrantPrice:
        """Who is paid for one use, and how much."""
        ...


class Algorithms(Protocol):
    """Members' own algorithms."""

    def require_usable(
        self, algorithm: str, fingerprint: str, parties: Sequence[str], level: int
    ) -> None:
        """Refuse a version that is withdrawn, not for that level, or not approved by all."""
        ...


class Escrow(Protocol):
    """Points set aside until a flow ends."""

    def hold(self, escrow: str, payer: str, amount_points: int) -> None:
        """Open an escrow with the sender's own points."""
        ...

    def pay(self, escrow: str, to: str, amount_points: int) -> None:
        """Pay part of an escrow out."""
        ...

    def refund(self, escrow: str) -> int:
        """Close an escrow; what is left goes back."""
        ...


class EvidenceItem(Protocol):
    """A commitment to be recorded."""

    @property
    def name(self) -> str:
        """What is committed to."""
        ...

    @property
    def kind(self) -> str:
        """Which kind of thing that is."""
        ...

    @property
    def commitment(self) -> str:
        """Hex digest."""
        ...

    @property
    def envelope(self) -> dict[str, Any] | None:
        """Sealed opening, if any."""
        ...


class Evidence(Protocol):
    """Recording of task evidence."""

    def record(
        self, flow: str, step: str, attempt: int, party: str, items: Sequence[EvidenceItem]
    ) -> str:
        """Record what a party says of an attempt, once; returns the identifier."""
        ...

    def outputs(self, flow: str, step: str, attempt: int, party: str) -> list[str]:
        """Names of the outputs a party put on record."""
        ...


class Retirements(Protocol):
    """Models that are not used any more."""

    def require_in_use(self, flow: str, step: str, output: str) -> None:
        """Refuse a model that was retired."""
        ...


class Budgets(Protocol):
    """Privacy budgets of datasets; a release of 0 millionths is one without noise."""

    def require(self, dataset: str, millionths: int, what: str) -> None:
        """Refuse a release the dataset's budget does not allow."""
        ...

    def problem(self, dataset: str, millionths: int) -> str:
        """Error code of why a release is not allowed, or empty."""
        ...

    def charge(self, flow: str, step: str, attempt: int, dataset: str, millionths: int) -> None:
        """Spend; nothing happens for a dataset without a budget."""
        ...


NEEDS: tuple[type, ...] = (
    Members,
    Datasets,
    Grants,
    Algorithms,
    Escrow,
    Evidence,
    Budgets,
    Retirements,
)
