"""What the compiler asks about the network: members, catalogue, grants, prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class MemberFacts:
    """A member as registered.

    Attributes:
        controller: who controls it; two compute nodes may not share one. Empty: itself.
        active: whether it may act now.
    """

    did: str
    name: str
    roles: tuple[str, ...]
    controller: str = ""
    active: bool = True


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as published. ``levels`` gives each field its level (1 to 5)."""

    id: str
    owner: str
    title: str
    levels: dict[str, int]
    operators: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    published: bool = True


@dataclass(frozen=True)
class GrantFacts:
    """A grant as agreed; ``final`` once both sides have completed the negotiation."""

    id: str
    dataset: str
    consumer: str
    final: bool
    price_points: int = 0
    fields: tuple[str, ...] = ()
    operators: tuple[str, ...] = field(default=())


class Directory(Protocol):
    """Read-only answers; None where nothing of that name is visible."""

    def member(self, did: str) -> MemberFacts | None:
        """The member of that DID."""
        ...

    def dataset(self, dataset: str) -> DatasetFacts | None:
        """The dataset of that identifier."""
        ...

    def grant(self, grant: str) -> GrantFacts | None:
        """The grant of that identifier."""
        ...

    def compute_price_points(self, did: str) -> int:
        """Published price of one flow at that compute provider; 0 when it asks none."""
        ...
