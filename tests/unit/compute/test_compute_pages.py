"""The operators' page says what the declarations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.compute.operators import operators
from hanse.compute.operators.pages import FILES, page

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_is_current(lang: str) -> None:
    written = (DOCS / FILES[lang]).read_text(encoding="utf-8")
    assert written == page(lang), "run: python -m hanse.compute.operators.pages docs"


def test_page_has_every_operator_parameter_and_leak() -> None:
    text = page("en")
    for name, spec in operators().items():
        assert f"## {name}\n" in text
        assert all(f"`{parameter}`" in text for parameter in spec.parameters)
        assert all(leak in text for leak in spec.leaks.values())
