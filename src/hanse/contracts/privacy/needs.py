"""What the privacy contract wants of others."""

from __future__ import annotations

from typing import Protocol


class Members(Protocol):
    """Who is a member."""

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        ...


class Datasets(Protocol):
    """The catalogue."""

    def owner(self, dataset: str) -> str:
        """DID of the owner; refuses unknown datasets."""
        ...


NEEDS: tuple[type, ...] = (Members, Datasets)
