"""Contract code is deterministic: no floats, clocks, randomness, input, output or set order."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hanse.contracts
from hanse.contracts.system import CONTRACTS

ROOT = Path(next(iter(hanse.contracts.__path__)))
FILES = sorted(ROOT.rglob("*.py"))
ALLOWED_MODULES = (
    "__future__",
    "collections.abc",
    "typing",
    "msgspec",
    "hanse.contracts",
    "hanse.core",
    "hanse.crypto.suite",
    "hanse.identity.did",
    "hanse.identity.errors",
    "hanse.ledger.certificates",
    "hanse.ledger.contract",
    "hanse.ledger.registry",
    "hanse.ledger.validators",
)
FORBIDDEN_CALLS = (
    "set",
    "frozenset",
    "float",
    "complex",
    "open",
    "print",
    "input",
    "eval",
    "exec",
    "compile",
    "hash",
    "id",
    "vars",
    "globals",
    "locals",
    "round",
    "pow",
    "__import__",
    "breakpoint",
)
PARTS = (
    "types",
    "messages",
    "events",
    "rules",
    "queries",
    "invariants",
    "errors",
    "needs",
    "contract",
)


def violations(tree: ast.AST) -> list[str]:
    """Whatever in the code could differ between two machines."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"float {node.value}")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found.append("true division")
        if isinstance(node, (ast.Set, ast.SetComp)):
            found.append("set")
        if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.Global, ast.Nonlocal)):
            found.append(type(node).__name__)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [f"call of {node.func.id}"] * (node.func.id in FORBIDDEN_CALLS)
        for name in modules_of(node):
            allowed = any(name == m or name.startswith(m + ".") for m in ALLOWED_MODULES)
            found += [] if allowed else [f"import of {name}"]
    return found


def modules_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_contract_code_is_deterministic(path: Path) -> None:
    assert violations(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        "x = 0.5",
        "x = a / b",
        "for x in {1, 2}: pass",
        "x = set(y)",
        "import time",
        "from random import random",
        "import os",
        "open('x')",
        "x = hash('a')",
        "x = float(y)",
        "async def f(): pass",
    ],
)
def test_checker_notices_what_it_should(code: str) -> None:
    assert violations(ast.parse(code))


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_contract_folder_has_every_part(contract: object) -> None:
    folder = ROOT / contract.name  # type: ignore[attr-defined]
    assert [part for part in PARTS if not (folder / f"{part}.py").exists()] == []
    assert "stateDiagram" in (folder / "README.md").read_text()
