"""Session, users and API tokens."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.api.base import Page
from hanse.api.errors import build
from hanse.api.session import (
    CreatedTokenView,
    CreateTokenRequest,
    CreateUserRequest,
    LoginRequest,
    LoginView,
    SessionView,
    SetPasswordRequest,
    TokenView,
    UpdateUserRequest,
    UserView,
)
from hanse.sdk.area import Area, page


class SessionArea(Area):
    """Log in and out."""

    def login(self, username: str, password: str) -> LoginView:
        """Log in; the answer's token is not kept by this client."""
        body = build(LoginRequest, {"username": username, "password": password})
        return self._http.call("session.login", LoginView, body=body)

    def show(self) -> SessionView:
        """Who the token belongs to."""
        return self._http.call("session.show", SessionView)

    def logout(self) -> None:
        """End the session of the token."""
        self._http.run("session.logout")


class UsersArea(Area):
    """Users of the organisation."""

    def list(self, *, limit: int | None = None, after: str | None = None) -> Page[UserView]:
        """One page of users."""
        return self._http.call("users.list", Page[UserView], query=page(limit, after))

    def create(self, name: str, password: str, roles: Sequence[str]) -> UserView:
        """Add a user."""
        body = build(CreateUserRequest, {"name": name, "password": password, "roles": [*roles]})
        return self._http.call("users.create", UserView, body=body)

    def get(self, name: str) -> UserView:
        """Show a user."""
        return self._http.call("users.get", UserView, path={"name": name})

    def update(
        self, name: str, *, roles: Sequence[str] | None = None, disabled: bool | None = None
    ) -> UserView:
        """Change roles, disable or enable."""
        body = build(UpdateUserRequest, {"roles": roles and [*roles], "disabled": disabled})
        return self._http.call("users.update", UserView, path={"name": name}, body=body)

    def delete(self, name: str) -> None:
        """Delete a user; the log keeps what the user did."""
        self._http.run("users.delete", path={"name": name})

    def set_password(
        self, name: str, new_password: str, *, current_password: str | None = None
    ) -> None:
        """Change the own password, or as an admin reset another's."""
        body = build(
            SetPasswordRequest,
            {"new_password": new_password, "current_password": current_password},
        )
        self._http.run("users.set_password", path={"name": name}, body=body)


class TokensArea(Area):
    """API tokens for programs."""

    def list(self, *, limit: int | None = None, after: str | None = None) -> Page[TokenView]:
        """One page of tokens."""
        return self._http.call("tokens.list", Page[TokenView], query=page(limit, after))

    def create(
        self, name: str, roles: Sequence[str], *, expires_ms: int | None = None
    ) -> CreatedTokenView:
        """Make a token; it is shown in this answer only."""
        body = build(
            CreateTokenRequest, {"name": name, "roles": [*roles], "expires_ms": expires_ms}
        )
        return self._http.call("tokens.create", CreatedTokenView, body=body)

    def delete(self, token: str) -> None:
        """Revoke a token."""
        self._http.run("tokens.delete", path={"id": token})
