"""What handlers ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from hanse.node.http.caller import current_peer, current_user
from hanse.node.network import Network
from hanse.node.node import Node
from hanse.node.users.tokens import Bearer
from hanse.node.views.queries.paging import DEFAULT_LIMIT, PageRequest


def get_node(request: Request) -> Node:
    """The node behind this application."""
    node: Node = request.app.state.node
    return node


def get_network(request: Request) -> Network:
    """What needs a ledger; raises the named reason why there is none."""
    return get_node(request).require_network()


def get_page(
    limit: Annotated[int, Query(ge=1, le=500)] = DEFAULT_LIMIT,
    after: Annotated[str, Query(max_length=200)] = "",
) -> PageRequest:
    """``limit`` and ``after`` of a list."""
    return PageRequest(limit, after)


NodeDep = Annotated[Node, Depends(get_node)]
NetworkDep = Annotated[Network, Depends(get_network)]
PageDep = Annotated[PageRequest, Depends(get_page)]
UserDep = Annotated[Bearer, Depends(current_user)]
PeerDep = Annotated[str, Depends(current_peer)]
Text = Annotated[str, Query(max_length=200)]
