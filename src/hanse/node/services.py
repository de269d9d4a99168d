"""Types of services in DID documents."""

from __future__ import annotations

from hanse.identity.did import Service

NODE_SERVICE = "HanseNode"
NODE_SERVICE_ID = "#node"


def node_service(url: str) -> Service:
    """Where other nodes reach this one: base URL of its API."""
    return Service(NODE_SERVICE_ID, NODE_SERVICE, url)
