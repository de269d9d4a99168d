"""Roles of people inside one organisation."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from hanse.node.errors import BadRole


class Role(StrEnum):
    """What a user may do is the sum over its roles; see `hanse.node.http.permissions`.

    ``admin`` runs node and users, ``steward`` answers for data and grants, ``analyst`` asks
    for data and runs flows, ``auditor`` reads the record and nothing else.
    """

    ADMIN = "admin"
    STEWARD = "steward"
    ANALYST = "analyst"
    AUDITOR = "auditor"


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles by name.

    Raises:
        BadRole: on an unknown name or none at all.
    """
    roles = set()
    for name in names:
        try:
            roles.add(Role(name))
        except ValueError as error:
            raise BadRole(f"no role {name[:40]!r}") from error
    if not roles:
        raise BadRole("a user needs at least one role")
    return frozenset(roles)


def join_roles(roles: Iterable[Role]) -> str:
    """The stored form."""
    return ",".join(sorted(role.value for role in roles))


def split_roles(text: str) -> frozenset[Role]:
    """Back from the stored form."""
    return frozenset(Role(name) for name in text.split(",") if name)
