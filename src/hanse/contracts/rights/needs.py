"""What the rights contract wants of others."""

from __future__ import annotations

from typing import Protocol


class Members(Protocol):
    """Who is a member and with which roles."""

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        ...

    def require_role(self, did: str, *roles: str) -> None:
        """Refuse members that are not active or hold none of the roles."""
        ...


class DatasetFacts(Protocol):
    """What the catalogue says of a dataset."""

    @property
    def owner(self) -> str:
        """DID of the owner."""
        ...

    @property
    def fields(self) -> list[str]:
        """Names of all fields."""
        ...

    @property
    def operators(self) -> list[str]:
        """Operators the owner allows; ``*``: any."""
        ...

    @property
    def purposes(self) -> list[str]:
        """Purposes the owner allows; ``*``: any."""
        ...

    @property
    def price_points(self) -> int:
        """Price of one use."""
        ...


class Datasets(Protocol):
    """The catalogue."""

    def published(self, dataset: str) -> DatasetFacts:
        """Facts about a dataset in the catalogue; refuses unknown and withdrawn ones."""
        ...

    def owner(self, dataset: str) -> str:
        """Owner of a dataset, withdrawn or not."""
        ...


NEEDS: tuple[type, ...] = (Members, Datasets)
