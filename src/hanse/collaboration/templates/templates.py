"""Reading and filling templates.

A template is a flow text with ``${place}`` where a value goes. Values are written as JSON,
which every YAML reader takes literally, so that no value can change the shape of the flow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from hanse.collaboration.language.errors import (
    FlowMissingKey,
    FlowUnknownKey,
    FlowUnknownTemplate,
    FlowWrongType,
)

_PLACE = re.compile(r"\$\{([a-z0-9_]+)\}")


@dataclass(frozen=True)
class Template:
    """One template: its name, what it says of itself, its text and its places."""

    name: str
    summary: str
    text: str
    places: tuple[str, ...]

    @staticmethod
    def takes_many(place: str) -> bool:
        """Whether the value of a place is a list."""
        return place.endswith("_fields")


def templates() -> dict[str, Template]:
    """All templates by name."""
    found = {}
    for entry in sorted(resources.files(__package__).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            template = _read(entry.name.removesuffix(".yaml"), entry.read_text("utf-8"))
            found[template.name] = template
    return found


def get_template(name: str) -> Template:
    """The template of that name.

    Raises:
        FlowUnknownTemplate: when there is none.
    """
    found = templates()
    if name not in found:
        raise FlowUnknownTemplate(f"no template {name[:60]!r}; there are: {', '.join(found)}")
    return found[name]


def fill_template(name: str, values: Mapping[str, str | Sequence[str]]) -> str:
    """The flow text of a template with every place filled.

    Raises:
        FlowUnknownTemplate: no such template.
        FlowMissingKey, FlowUnknownKey: a place without a value, a value without a place.
        FlowWrongType: one value where a list goes, or a list where one value goes.
    """
    template = get_template(name)
    for place in template.places:
        if place not in values:
            raise FlowMissingKey(f"the template {name!r} needs a value for {place!r}")
    for place in values:
        if place not in template.places:
            known = ", ".join(template.places)
            raise FlowUnknownKey(f"the template {name!r} has no place {place!r}; it has: {known}")
    for place, value in values.items():
        if template.takes_many(place) is isinstance(value, str):
            wanted = "a list" if template.takes_many(place) else "one value"
            raise FlowWrongType(f"the place {place!r} takes {wanted}")
    return _PLACE.sub(lambda match: _literal(values[match[1]]), template.text)


def _literal(value: str | Sequence[str]) -> str:
    plain = value if isinstance(value, str) else list(value)
    return json.dumps(plain, ensure_ascii=False)


def _read(name: str, text: str) -> Template:
    comments = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.removeprefix("#").strip())
    places = tuple(dict.fromkeys(_PLACE.findall(text)))
    return Template(name, " ".join(comments), text, places)
