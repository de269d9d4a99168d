"""What the documents say about permissions, metrics and settings is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.api.operations import OPERATIONS
from hanse.core.errors import catalogue
from hanse.node.http.permissions import PERMISSIONS
from hanse.node.users.roles import Role

DOCS = Path(__file__).parents[3] / "docs"
_ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+?) \| (.) \| (.) \| (.) \| (.) \|$", re.MULTILINE)


def test_documented_permissions_are_the_tables() -> None:
    text = (DOCS / "users-and-permissions.md").read_text("utf-8")
    documented = {
        id_: {role for role, mark in zip(Role, marks, strict=True) if mark == "✓"}
        for id_, _, *marks in _ROW.findall(text)
    }
    assert documented == {id_: set(roles) for id_, roles in PERMISSIONS.items()}
    public = {id_ for id_, operation in OPERATIONS.items() if operation.access == "public"}
    for id_ in public:
        assert f"`{id_}`" in text, id_


def test_documented_metrics_exist_and_every_metric_is_documented() -> None:
    source = Path(__file__).parents[3] / "src" / "hanse" / "node" / "observability"
    code = "".join((source / name).read_text() for name in ("metrics.py", "gauges.py"))
    defined = set(re.findall(r'"(hanse_[a-z_]+)"', code))
    documented = set(re.findall(r"hanse_[a-z_]+", (DOCS / "operations.md").read_text("utf-8")))
    assert documented == defined


def test_documented_settings_exist() -> None:
    from hanse.node.settings import Settings

    text = (DOCS / "operations.md").read_text("utf-8")
    text += (DOCS / "users-and-permissions.md").read_text("utf-8")
    sections = {
        name: getattr(field.annotation, "model_fields", {})
        for name, field in Settings.model_fields.items()
    }
    others = set(OPERATIONS) | set(catalogue())
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)`", text):
        if section in sections and sections[section] and f"{section}.{key}" not in others:
            assert key in sections[section], f"{section}.{key}"
