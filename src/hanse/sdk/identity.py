"""The organisation's own DID."""

from __future__ import annotations

from hanse.api.base import ReasonRequest
from hanse.api.errors import build
from hanse.api.identity import IdentityView, UpdateEndpointRequest
from hanse.sdk.area import Area


class IdentityArea(Area):
    """The DID and keys of the node's organisation."""

    def show(self) -> IdentityView:
        """The own DID, its keys by height and its address."""
        return self._http.call("identity.show", IdentityView)

    def rotate_key(self) -> IdentityView:
        """Replace the signing key; the node uses the new one when this returns."""
        return self._http.call("identity.rotate_key", IdentityView)

    def update_endpoint(self, endpoint: str) -> IdentityView:
        """Announce the base URL at which other members reach the node.

        Args:
            endpoint: http or https URL.
        """
        body = build(UpdateEndpointRequest, {"endpoint": endpoint})
        return self._http.call("identity.update_endpoint", IdentityView, body=body)

    def deactivate(self, reason: str = "") -> IdentityView:
        """End the own DID for good; the organisation leaves the network."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("identity.deactivate", IdentityView, body=body)
