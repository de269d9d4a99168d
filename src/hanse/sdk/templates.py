"""Flow templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.api.errors import build
from hanse.api.templates import (
    FilledTemplateView,
    FillTemplateRequest,
    TemplateListView,
    TemplateView,
)
from hanse.sdk.area import Area


class TemplatesArea(Area):
    """Common flows with places to fill."""

    def list(self) -> TemplateListView:
        """Every template of the node."""
        return self._http.call("templates.list", TemplateListView)

    def get(self, name: str) -> TemplateView:
        """Show a template with its places."""
        return self._http.call("templates.get", TemplateView, path={"name": name})

    def fill(self, name: str, values: Mapping[str, str | Sequence[str]]) -> FilledTemplateView:
        """The template as a flow in YAML; a value for every place, a list where it takes many."""
        plain = {
            place: value if isinstance(value, str) else [*value] for place, value in values.items()
        }
        body = build(FillTemplateRequest, {"values": plain})
        return self._http.call("templates.fill", FilledTemplateView, path={"name": name}, body=body)
