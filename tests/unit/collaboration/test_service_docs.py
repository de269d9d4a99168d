"""The flow on the page about services compiles, and the page names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hanse.collaboration.compiler import compile_flow
from hanse.compute.services import AT_ONCE
from hanse.core.errors import catalogue

PAGE = Path(__file__).parents[3] / "docs" / "services.md"


def test_flow_of_the_worked_example_compiles(setting: Any) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    text = found[1]
    places = {
        "did:hanse:mfzwizltoruw63tfoi2dknjwmfzwizlt": setting.net.did("bank"),
        "did:hanse:nfzwizltoruw63tfoi2dknjwmfzwizlt": setting.net.did("merchant"),
        f"ds-{'a' * 26}": setting.own,
        f"ds-{'b' * 26}": setting.theirs,
        f"gr-{'c' * 26}": setting.grant,
    }
    for old, new in places.items():
        text = text.replace(old, new)
    spec = compile_flow(text, setting.directory, setting.initiator)
    assert [step.id for step in spec.steps] == ["align", "train"]
    assert spec.steps[1].computes == ["bank", "merchant"]


@pytest.mark.parametrize(
    "code", re.findall(r"`((?:collaboration|compute)\.[a-z_]+)`", PAGE.read_text())
)
def test_codes_on_the_page_are_in_the_catalogue(code: str) -> None:
    import hanse.collaboration.services
    import hanse.compute.services.errors

    assert hanse.collaboration.services and hanse.compute.services.errors
    assert code in catalogue()


def test_sizes_on_the_page_are_the_codes() -> None:
    assert f"{AT_ONCE['prediction']} ids or {AT_ONCE['retrieval']} keys" in PAGE.read_text("utf-8")
