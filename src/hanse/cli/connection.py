"""Which node and which token: options first, then the environment, then the profile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hanse.cli import profile
from hanse.cli.errors import NoNodeChosen
from hanse.cli.profile import Profile


@dataclass(frozen=True)
class Connection:
    """Answer to "whom do I talk to, and as whom"."""

    url: str
    token: str
    profile_name: str
    ca_file: Path | None = None


def choose(url: str, token: str, profile_name: str) -> Connection:
    """Put options, environment and profile together.

    The token of a profile goes only to the address of that profile.

    Raises:
        NoNodeChosen: when no address is known.
    """
    known = profile.load()
    name = profile_name or os.environ.get("HANSE_PROFILE", "") or known.current
    stored = known.profiles.get(name, Profile(url=""))
    if profile_name and not stored.url:
        raise NoNodeChosen(f"there is no profile {profile_name!r}")
    address = (url or os.environ.get("HANSE_URL", "") or stored.url).rstrip("/")
    if not address:
        raise NoNodeChosen()
    bearer = token or os.environ.get("HANSE_TOKEN", "")
    if not bearer and address == stored.url:
        bearer = stored.token
    ca_file = os.environ.get("HANSE_CA_FILE", "") or stored.ca_file
    return Connection(address, bearer, name, Path(ca_file) if ca_file else None)
