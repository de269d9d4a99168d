"""Sessions, users and API tokens of one organisation's node (never on the ledger)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hanse.api.base import Name, Page, Request, Secret, TimeMs, View
from hanse.api.operation import Operation

UserRole = Literal["admin", "steward", "analyst", "auditor"]
"""admin: users, members, settings. steward: data and grants. analyst: requests and flows.
auditor: reads everything but data."""

UserName = Annotated[str, Field(pattern=r"^[\w.@-]{1,64}$", description="Letters, digits, . @ _ -")]
Password = Annotated[Secret, Field(min_length=10, max_length=256)]


class LoginRequest(Request):
    """Name and password; the answer carries a bearer token."""

    username: UserName
    password: Annotated[Secret, Field(min_length=1, max_length=256)]


class SessionView(View):
    """Who the bearer of a token is. ``token_name`` is empty for a session.

    With ``must_change_password`` only changing the password and logging out are possible.
    """

    user: str
    roles: list[UserRole]
    expires_ms: int
    token_name: str = ""
    must_change_password: bool = False


class LoginView(SessionView):
    """A fresh session; ``token`` is shown once."""

    token: str


class CreateUserRequest(Request):
    """A new user."""

    name: UserName
    password: Password
    roles: Annotated[list[UserRole], Field(min_length=1)]


class UpdateUserRequest(Request):
    """Change of roles or of the disabled flag; None leaves it as it is."""

    roles: Annotated[list[UserRole], Field(min_length=1)] | None = None
    disabled: bool | None = None


class SetPasswordRequest(Request):
    """Own password: the current one is needed. An admin resets another's without it."""

    current_password: Secret | None = None
    new_password: Password


class UserView(View):
    """A user, without anything secret."""

    name: str
    roles: list[UserRole]
    disabled: bool = False
    created_ms: int
    last_login_ms: int | None = None
    must_change_password: bool = False
    locked_until_ms: int | None = None


class CreateTokenRequest(Request):
    """An API token with at most the roles of its creator."""

    name: Name
    roles: Annotated[list[UserRole], Field(min_length=1)]
    expires_ms: TimeMs | None = None


class TokenView(View):
    """A token, without its secret."""

    id: str
    name: str
    roles: list[UserRole]
    owner: str
    created_ms: int
    expires_ms: int | None = None
    last_used_ms: int | None = None


class CreatedTokenView(TokenView):
    """A token just made; ``token`` is shown once."""

    token: str


OPERATIONS = (
    Operation(
        "session.login",
        "POST",
        "/v1/session",
        "Log in",
        LoginView,
        LoginRequest,
        "public",
        201,
    ),
    Operation("session.show", "GET", "/v1/session", "Who am I", SessionView),
    Operation("session.logout", "DELETE", "/v1/session", "Log out", status=204),
    Operation("users.list", "GET", "/v1/users", "List users", Page[UserView]),
    Operation(
        "users.create",
        "POST",
        "/v1/users",
        "Add a user",
        UserView,
        CreateUserRequest,
        status=201,
    ),
    Operation("users.get", "GET", "/v1/users/{name}", "Show a user", UserView),
    Operation(
        "users.update",
        "PATCH",
        "/v1/users/{name}",
        "Change roles, disable or enable",
        UserView,
        UpdateUserRequest,
    ),
    Operation("users.delete", "DELETE", "/v1/users/{name}", "Delete a user", status=204),
    Operation(
        "users.set_password",
        "PUT",
        "/v1/users/{name}/password",
        "Change or reset a password",
        request=SetPasswordRequest,
        status=204,
    ),
    Operation("tokens.list", "GET", "/v1/tokens", "List API tokens", Page[TokenView]),
    Operation(
        "tokens.create",
        "POST",
        "/v1/tokens",
        "Make an API token",
        CreatedTokenView,
        CreateTokenRequest,
        status=201,
    ),
    Operation("tokens.delete", "DELETE", "/v1/tokens/{id}", "Revoke an API token", status=204),
)
