"""Typed client of a node's ``/v1``: ``Client(url, token=…)``, then ``client.area.verb(…)``."""

from hanse.sdk.client import Client
from hanse.sdk.pages import iterate

__all__ = ["Client", "iterate"]
