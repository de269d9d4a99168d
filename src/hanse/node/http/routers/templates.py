"""Flow templates that come with this release."""

from __future__ import annotations

from fastapi import APIRouter

from hanse.api.templates import (
    FilledTemplateView,
    FillTemplateRequest,
    PlaceView,
    TemplateListView,
    TemplateView,
)
from hanse.collaboration.templates import Template, fill_template, get_template, templates
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "templates.list")
def list_templates() -> TemplateListView:
    """Every template."""
    return TemplateListView(items=[_view(template) for template in templates().values()])


@operation(router, "templates.get")
def show_template(name: str) -> TemplateView:
    """One template."""
    return _view(get_template(name))


@operation(router, "templates.fill")
def fill(name: str, body: FillTemplateRequest) -> FilledTemplateView:
    """The flow, with every place filled."""
    return FilledTemplateView(name=name, text=fill_template(name, body.values))


def _view(template: Template) -> TemplateView:
    places = [PlaceView(name=place, many=template.takes_many(place)) for place in template.places]
    return TemplateView(
        name=template.name, summary=template.summary, places=places, text=template.text
    )
