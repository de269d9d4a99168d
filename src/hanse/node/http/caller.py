"""Who calls, and what this request has become so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import HTTPConnection, Request

from hanse.node.errors import NotLoggedIn, NotPeer
from hanse.node.users.roles import Role
from hanse.node.users.tokens import Bearer


@dataclass(frozen=True)
class Caller:
    """A user, another member's node, or somebody unnamed.

    Attributes:
        name: user name, DID or network address.
        bearer: the token, for users.
    """

    kind: Literal["user", "peer", "public"]
    name: str
    roles: frozenset[Role] = frozenset()
    bearer: Bearer | None = None

    @property
    def actor(self) -> str:
        """As the audit log writes it."""
        return f"{self.kind}:{self.name}"


@dataclass
class RequestState:
    """Filled while the request passes; read by log, metrics and audit at the end."""

    request_id: str
    caller: Caller
    operation: str = ""
    target: str = ""
    error_code: str = ""
    notes: dict[str, str] = field(default_factory=dict)


def state_of(connection: HTTPConnection) -> RequestState:
    """The state the outermost middleware attached."""
    state: RequestState = connection.scope["hanse"]
    return state


def current_user(connection: Request) -> Bearer:
    """Dependency: the user calling.

    Raises:
        NotLoggedIn: for callers without a user's token.
    """
    bearer = state_of(connection).caller.bearer
    if bearer is None:
        raise NotLoggedIn()
    return bearer


def current_peer(connection: Request) -> str:
    """Dependency: DID of the node calling.

    Raises:
        NotPeer: for callers that are no node.
    """
    caller = state_of(connection).caller
    if caller.kind != "peer":
        raise NotPeer()
    return caller.name


def note_target(connection: HTTPConnection, target: str) -> None:
    """Let the audit log name what was made (its identifier is no path parameter)."""
    state_of(connection).target = target
