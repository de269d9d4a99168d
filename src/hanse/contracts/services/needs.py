"""What the services contract wants of others."""

from __future__ import annotations

from typing import Protocol


class Members(Protocol):
    """Who is a member."""

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        ...


class StepFacts(Protocol):
    """What stands on the ledger about a step."""

    @property
    def parties(self) -> dict[str, str]:
        """DID by alias of those who take part in it."""
        ...

    @property
    def owners(self) -> list[str]:
        """Aliases of the owners."""
        ...

    @property
    def computes(self) -> list[str]:
        """Aliases of the computing nodes."""
        ...

    @property
    def receivers(self) -> list[str]:
        """Aliases of the receivers."""
        ...

    @property
    def protocol(self) -> str:
        """Its protocol."""
        ...

    @property
    def datasets(self) -> dict[str, str]:
        """DID of its owner by dataset it descends from."""
        ...

    @property
    def completed(self) -> bool:
        """Whether it has completed."""
        ...


class Steps(Protocol):
    """The steps of flows."""

    def facts(self, flow: str, step: str) -> StepFacts:
        """Facts about a step; refuses unknown flows and steps."""
        ...


class Escrow(Protocol):
    """Points set aside and paid."""

    def hold(self, escrow: str, payer: str, amount_points: int) -> None:
        """Open an escrow with the sender's own points."""
        ...

    def pay(self, escrow: str, to: str, amount_points: int) -> None:
        """Pay part of an escrow out."""
        ...


class Budgets(Protocol):
    """Privacy budgets of datasets; a release of 0 millionths is one without noise."""

    def require(self, dataset: str, millionths: int, what: str) -> None:
        """Refuse a release the dataset's budget does not allow."""
        ...


NEEDS: tuple[type, ...] = (Members, Steps, Escrow, Budgets)
