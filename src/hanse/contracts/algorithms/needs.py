"""What the algorithms contract wants of others."""

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


NEEDS: tuple[type, ...] = (Members,)
