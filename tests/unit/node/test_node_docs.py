"""What the documents say about permissions, metrics and settings is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.api.operations import OPERATIONS
from hanse.core.errors import catalogue
from hanse.ledger.bft.engine import errors
from hanse.ledger.bft.engine.chain import Chain
from hanse.ledger.bft.engine.config import config_file
from hanse.ledger.bft.engine.settings import EngineSettings
from hanse.ledger.genesis import Parameters
from hanse.node.http.permissions import PERMISSIONS
from hanse.node.settings import EngineSettings as NodeEngineSettings
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


def test_every_knob_of_the_engine_is_documented_with_its_value() -> None:
    settings = EngineSettings(moniker="NAME")
    lines = config_file(settings, Chain("hanse-x", 0, Parameters())).decode().splitlines()
    rows, section, why = set(), "", ""
    for line in lines[2:]:
        if line.startswith("["):
            section = line.strip("[]") + "."
        elif line.startswith("# "):
            why = line.removeprefix("# ")
        elif line:
            name, value = line.split(" = ", 1)
            rows.add(f"| `{section}{name}` | `{value}` | {why} |")
    text = (DOCS / "bft-network.md").read_text("utf-8")
    documented = text[text.index("| knob | value | why |") :].splitlines()[2:]
    assert set(documented) == rows


def test_every_setting_of_the_engine_and_every_code_of_it_is_documented() -> None:
    text = (DOCS / "bft-network.md").read_text("utf-8")
    settings = text[text.index("## Settings: `[engine]`") : text.index("| knob |")]
    for name in NodeEngineSettings.model_fields:
        assert f"`{name}`" in settings, name
    own = [e for e in vars(errors).values() if getattr(e, "__module__", "") == errors.__name__]
    states = [kind for kind in own if kind is not errors.EngineRefused]  # answers one question
    assert len(states) > 10
    for kind in states:
        assert f"| `{kind.code}` |" in text, kind.code
