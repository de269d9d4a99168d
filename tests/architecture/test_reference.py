"""The generated parts of the reference are current."""

import importlib.util
from pathlib import Path

import pytest

from hanse.core.errors import catalogue

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)


@pytest.mark.parametrize("path", reference.PARTS, ids=lambda path: path.name)
def test_reference_is_current(path: Path) -> None:
    assert reference.rendered(path) == path.read_text(encoding="utf-8"), (
        "run .venv/bin/python tools/reference.py"
    )


def test_every_error_says_what_to_do() -> None:
    reference.load_everything()
    for code, cls in catalogue().items():
        if reference.is_product(cls):
            assert cls.help.endswith((".", "?", "。")) or ":" in cls.help, code
            assert "|" not in code and code.count(".") == 1, code
