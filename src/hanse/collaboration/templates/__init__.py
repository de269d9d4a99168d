"""Templates of common flows, filled with the names of a real network."""

from hanse.collaboration.templates.templates import (
    Template,
    fill_template,
    get_template,
    templates,
)

__all__ = ["Template", "fill_template", "get_template", "templates"]
