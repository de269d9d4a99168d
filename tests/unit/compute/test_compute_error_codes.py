"""Every process that is told a party's error knows it by name, whatever it ran before."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hanse.compute

COMPUTE = Path(hanse.compute.__file__).parent
_CODE = """
import sys, importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
from hanse.core.errors import catalogue
print(*catalogue(), sep=chr(10))
"""
NODE = ("hanse.node.serve", "hanse.node.http.app")
WORKER = ("hanse.compute.worker.main",)


def declared() -> Iterator[str]:
    """Codes of all error classes a worker can end or refuse with."""
    for path in COMPUTE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                code = node.value.value
                named = [one.id for one in node.targets if isinstance(one, ast.Name)]
                if named == ["code"] and isinstance(code, str) and code.startswith("compute."):
                    yield code


@pytest.mark.parametrize("modules", [NODE, WORKER], ids=["node", "worker"])
def test_process_knows_every_code_of_compute(modules: tuple[str, ...]) -> None:
    made = subprocess.run(
        [sys.executable, "-c", _CODE, *modules], capture_output=True, text=True, check=True
    )
    codes = set(declared())
    assert len(codes) > 40
    assert codes - set(made.stdout.split()) == set()
