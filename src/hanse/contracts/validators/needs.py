"""What the validators contract wants of others."""

from __future__ import annotations

from typing import Protocol


class Members(Protocol):
    """Who is a member."""

    def require_active(self, did: str) -> None:
        """Refuse unknown, suspended and removed members."""
        ...


NEEDS: tuple[type, ...] = (Members,)
