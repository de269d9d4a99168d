"""Models this node holds a part of."""

from __future__ import annotations

from hanse.api.base import ReasonRequest, TransactionOutcome
from hanse.api.errors import build
from hanse.api.models import ModelDescriptionView, ModelListView
from hanse.sdk.area import Area


class ModelsArea(Area):
    """What steps made and this node keeps a part of."""

    def list(self) -> ModelListView:
        """All of them, oldest first."""
        return self._http.call("models.list", ModelListView)

    def get(
        self, flow: str, step: str, output: str, *, receiver: str | None = None
    ) -> ModelDescriptionView:
        """One of them, and what scores give ``receiver`` (a DID; this node when left out)."""
        return self._http.call(
            "models.get",
            ModelDescriptionView,
            path={"flow": flow, "step": step, "output": output},
            query={"receiver": receiver},
        )

    def retire(self, flow: str, step: str, output: str, reason: str = "") -> TransactionOutcome:
        """No step and no service uses it any more; cannot be undone."""
        return self._http.call(
            "models.retire",
            TransactionOutcome,
            path={"flow": flow, "step": step, "output": output},
            body=build(ReasonRequest, {"reason": reason}),
        )
