"""Flow templates: common flows with places to fill."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hanse.api.base import Request, View
from hanse.api.operation import Operation

PlaceValue = Annotated[str, Field(max_length=1_000)]
PlaceValues = Annotated[list[PlaceValue], Field(max_length=2_000)]


class PlaceView(View):
    """A place to fill. ``many`` takes a list of values, as of field names."""

    name: str
    many: bool = False


class TemplateView(View):
    """A template: what it is for, its places, and its text with ``${place}`` in it."""

    name: str
    summary: str
    places: list[PlaceView]
    text: str


class TemplateListView(View):
    """Every template of this node."""

    items: list[TemplateView]


class FillTemplateRequest(Request):
    """A value for every place."""

    values: Annotated[dict[str, PlaceValue | PlaceValues], Field(max_length=100)]


class FilledTemplateView(View):
    """The flow in YAML. It has not been checked: that is what ``flows.check`` does."""

    name: str
    text: str


OPERATIONS = (
    Operation(
        "templates.list", "GET", "/v1/flow-templates", "List flow templates", TemplateListView
    ),
    Operation(
        "templates.get", "GET", "/v1/flow-templates/{name}", "Show a flow template", TemplateView
    ),
    Operation(
        "templates.fill",
        "POST",
        "/v1/flow-templates/{name}/fill",
        "Fill a flow template",
        FilledTemplateView,
        FillTemplateRequest,
    ),
)
