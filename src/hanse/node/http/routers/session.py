"""Sessions, users and API tokens."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from hanse.api.base import Page
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
    UserRole,
    UserView,
)
from hanse.core.errors import HanseError, InputError
from hanse.node.errors import NotPermitted, WrongPassword
from hanse.node.http.caller import Caller, note_target, state_of
from hanse.node.http.dependencies import NodeDep, PageDep, UserDep
from hanse.node.http.operations import operation
from hanse.node.users.accounts import User
from hanse.node.users.roles import Role, parse_roles
from hanse.node.users.tokens import TokenInfo

router = APIRouter()
LONGEST_TOKEN_MS = 365 * 24 * 3_600_000


@operation(router, "session.login")
async def login(request: Request, node: NodeDep, body: LoginRequest) -> LoginView:
    """Check a password and open a session."""
    note_target(request, f"user={body.username}")
    try:
        user = await asyncio.to_thread(
            node.accounts.login, body.username, body.password.get_secret_value()
        )
    except HanseError as error:
        node.host.metrics.logins.labels(error.code).inc()
        raise
    node.host.metrics.logins.labels("ok").inc()
    state_of(request).caller = Caller("user", user.name, user.roles)
    token, info = await asyncio.to_thread(node.tokens.open_session, user.name, user.roles)
    return LoginView(
        user=user.name,
        roles=_names(user.roles),
        expires_ms=info.expires_ms,
        token=token,
        must_change_password=user.must_change,
    )


@operation(router, "session.show")
def show_session(node: NodeDep, caller: UserDep) -> SessionView:
    """Who the token belongs to."""
    info = next(
        item for item in node.tokens.list(caller.user, caller.kind) if item.id == caller.token_id
    )
    return SessionView(
        user=caller.user,
        roles=_names(caller.roles),
        expires_ms=info.expires_ms,
        token_name=info.label,
        must_change_password=caller.must_change,
    )


@operation(router, "session.logout")
def logout(node: NodeDep, caller: UserDep) -> Response:
    """End the session or token that the call was made with."""
    node.tokens.revoke(caller.user, caller.token_id)
    return Response(status_code=204)


@operation(router, "users.list")
def list_users(node: NodeDep, page: PageDep) -> Page[UserView]:
    """Users by name."""
    found = [user for user in node.accounts.list() if user.name > page.after]
    shown = found[: page.limit]
    more = len(found) > len(shown)
    return Page(items=[_user(user) for user in shown], next=shown[-1].name if more else "")


@operation(router, "users.create")
def create_user(request: Request, node: NodeDep, body: CreateUserRequest) -> UserView:
    """Add a user."""
    note_target(request, f"name={body.name}")
    roles = parse_roles(body.roles)
    return _user(node.accounts.add(body.name, body.password.get_secret_value(), roles))


@operation(router, "users.get")
def get_user(node: NodeDep, name: str) -> UserView:
    """Show a user."""
    return _user(node.accounts.get(name))


@operation(router, "users.update")
def update_user(node: NodeDep, name: str, body: UpdateUserRequest) -> UserView:
    """Change roles, disable or enable."""
    roles = None if body.roles is None else parse_roles(body.roles)
    active = None if body.disabled is None else not body.disabled
    return _user(node.accounts.change(name, roles=roles, active=active))


@operation(router, "users.delete")
def delete_user(node: NodeDep, name: str) -> Response:
    """Delete a user."""
    node.accounts.delete(name)
    return Response(status_code=204)


@operation(router, "users.set_password")
def set_password(node: NodeDep, caller: UserDep, name: str, body: SetPasswordRequest) -> Response:
    """Change the own password, or as an administrator reset another's."""
    new = body.new_password.get_secret_value()
    if name == caller.user:
        if body.current_password is None:
            raise WrongPassword("the current password is needed")
        node.accounts.change_password(name, body.current_password.get_secret_value(), new)
    elif Role.ADMIN in caller.roles and not caller.must_change:
        node.accounts.reset_password(name, new)
    else:
        raise NotPermitted("only an administrator resets another's password")
    return Response(status_code=204)


@operation(router, "tokens.list")
def list_tokens(node: NodeDep, caller: UserDep, page: PageDep) -> Page[TokenView]:
    """The caller's own tokens."""
    found = sorted(node.tokens.list(caller.user), key=lambda info: info.id)
    rest = [info for info in found if info.id > page.after]
    shown = rest[: page.limit]
    more = len(rest) > len(shown)
    return Page(items=[_token(info) for info in shown], next=shown[-1].id if more else "")


@operation(router, "tokens.create")
def create_token(
    request: Request, node: NodeDep, caller: UserDep, body: CreateTokenRequest
) -> CreatedTokenView:
    """Make a token with at most the caller's roles."""
    roles = parse_roles(body.roles)
    if not roles <= caller.roles:
        raise NotPermitted("a token has at most the roles of who makes it")
    ttl_ms = LONGEST_TOKEN_MS
    if body.expires_ms is not None:
        ttl_ms = body.expires_ms - node.host.clock()
    if not 0 < ttl_ms <= LONGEST_TOKEN_MS:
        raise InputError("a token expires in the future, within 365 days")
    token, info = node.tokens.issue_token(caller.user, roles, body.name, ttl_ms)
    note_target(request, f"token={info.id}")
    return CreatedTokenView(**_token(info).model_dump(), token=token)


@operation(router, "tokens.delete")
def delete_token(node: NodeDep, caller: UserDep, id: str) -> Response:  # noqa: A002 - of the path
    """Revoke an own token."""
    node.tokens.revoke(caller.user, id)
    return Response(status_code=204)


def _names(roles: frozenset[Role]) -> list[UserRole]:
    return [role.value for role in sorted(roles)]


def _user(user: User) -> UserView:
    return UserView(
        name=user.name,
        roles=_names(user.roles),
        disabled=not user.active,
        created_ms=user.created_ms,
        last_login_ms=user.last_login_ms or None,
        must_change_password=user.must_change,
        locked_until_ms=user.locked_until_ms or None,
    )


def _token(info: TokenInfo) -> TokenView:
    return TokenView(
        id=info.id,
        name=info.label,
        roles=_names(info.roles),
        owner=info.user,
        created_ms=info.created_ms,
        expires_ms=info.expires_ms,
        last_used_ms=info.used_ms,
    )
