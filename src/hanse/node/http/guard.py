"""Identification, rate limit and permission of every operation, before its handler."""

from __future__ import annotations

import asyncio
from typing import Protocol

from starlette.requests import Request

from hanse.api.operations import OPERATIONS
from hanse.node.errors import NotLoggedIn, NotPermitted, PasswordChangeRequired
from hanse.node.http.caller import Caller, RequestState, state_of
from hanse.node.http.permissions import BEFORE_PASSWORD_CHANGE, is_permitted
from hanse.node.http.rate_limit import RateLimiter
from hanse.node.observability.metrics import Metrics
from hanse.node.settings import LimitSettings
from hanse.node.users.tokens import Bearer

PEER_TOKEN_PREFIX = "hnp_"  # noqa: S105 - marks the kind of token
_OWN_LIMIT = {"session.login": "login_calls", "applications.submit": "application_calls"}


class UserTokens(Protocol):
    """Checks users' tokens."""

    def check(self, token: str) -> Bearer:
        """Who holds it; raises NotLoggedIn."""
        ...


class PeerTokens(Protocol):
    """Checks other nodes' tokens."""

    def check(self, token: str) -> str:
        """DID of the holder; raises NotPeer."""
        ...


class Gate:
    """Decides on every call.

    Args:
        users: users' tokens.
        peers: other nodes' tokens.
        limits: calls per window by kind of caller.
        limiter: counts them.
        metrics: counts refusals.
    """

    def __init__(
        self,
        *,
        users: UserTokens,
        peers: PeerTokens,
        limits: LimitSettings,
        limiter: RateLimiter,
        metrics: Metrics,
    ) -> None:
        self._users = users
        self._peers = peers
        self._limits = limits
        self._limiter = limiter
        self._metrics = metrics

    async def admit(self, operation: str, request: Request) -> None:
        """Let the call pass or raise.

        Raises:
            NotLoggedIn, NotPeer: no valid token.
            TooManyRequests: the caller's window is used up.
            NotPermitted, PasswordChangeRequired: known, but not for this.
        """
        state = state_of(request)
        state.operation = operation
        state.target = " ".join(f"{k}={v}" for k, v in sorted(request.path_params.items()))
        address = state.caller.name
        try:
            state.caller = await self._identify(request, state)
        except Exception:
            self._limit(f"public:{address}", self._limits.public_calls, "public")
            raise
        self._count(operation, state.caller, address)
        self._permit(operation, state.caller)

    async def _identify(self, request: Request, state: RequestState) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return state.caller
        if scheme.lower() != "bearer":
            raise NotLoggedIn("only Bearer tokens are understood")
        if token.startswith(PEER_TOKEN_PREFIX):
            return Caller("peer", self._peers.check(token))
        bearer = await asyncio.to_thread(self._users.check, token)
        return Caller("user", bearer.user, bearer.roles, bearer)

    def _count(self, operation: str, caller: Caller, address: str) -> None:
        own = _OWN_LIMIT.get(operation)
        if own is not None:
            self._limit(f"{operation}:{address}", getattr(self._limits, own), operation)
        limit: int = getattr(self._limits, f"{caller.kind}_calls")
        self._limit(caller.actor, limit, caller.kind)

    def _limit(self, key: str, limit: int, kind: str) -> None:
        try:
            self._limiter.check(key, limit)
        except Exception:
            self._metrics.limited.labels(kind).inc()
            raise

    @staticmethod
    def _permit(operation: str, caller: Caller) -> None:
        access = OPERATIONS[operation].access
        if access == "public" or (access == "peer" and caller.kind == "peer"):
            return
        if caller.kind == "public":
            raise NotLoggedIn()
        if caller.kind == "peer" or not is_permitted(operation, caller.roles):
            raise NotPermitted(f"{caller.kind} {caller.name} may not call {operation}")
        must_change = caller.bearer is not None and caller.bearer.must_change
        if must_change and operation not in BEFORE_PASSWORD_CHANGE:
            raise PasswordChangeRequired()
