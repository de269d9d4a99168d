"""Contract code must do the same on every node: the real contracts pass, bad samples do not."""

from __future__ import annotations

from pathlib import Path

import pytest

import hanse.contracts
from hanse.ledger.contract.determinism import check_folder, check_source

CONTRACTS = Path(hanse.contracts.__file__).parent

BAD = {
    "float literal": ("x = 1.5", "float"),
    "exponent float": ("x = 1e3", "float"),
    "complex literal": ("x = 2j", "float"),
    "true division": ("def f(a, b):\n    return a / b", "division"),
    "true division in place": ("def f(a):\n    a /= 2\n    return a", "division"),
    "negative power": ("def f(a):\n    return 2 ** -a", "power"),
    "variable power": ("def f(a, b):\n    return a ** b", "power"),
    "float call": ("x = float('1')", "builtin"),
    "float as value": ("x = list(map(float, ['1']))", "builtin"),
    "round": ("x = round(3)", "builtin"),
    "time": ("import time", "import"),
    "datetime": ("from datetime import datetime", "import"),
    "random": ("import random", "import"),
    "secrets": ("from secrets import token_hex", "import"),
    "os": ("import os.path", "import"),
    "io": ("from io import StringIO", "import"),
    "pathlib": ("import pathlib", "import"),
    "socket": ("import socket as s", "import"),
    "threads": ("from concurrent.futures import ThreadPoolExecutor", "import"),
    "uuid": ("import uuid", "import"),
    "numbers": ("import numpy", "import"),
    "math": ("from math import sqrt", "import"),
    "other room": ("from hanse.ledger.ledger import Ledger", "import"),
    "relative": ("from . import rules", "import"),
    "run-time import": ("x = __import__('time')", "builtin"),
    "open": ("def f():\n    return open('x').read()", "builtin"),
    "print": ("print('x')", "builtin"),
    "eval": ("x = eval('1')", "builtin"),
    "hash": ("def f(a):\n    return hash(a)", "builtin"),
    "hash as key": ("def f(a):\n    return sorted(a, key=hash)", "builtin"),
    "id": ("def f(a):\n    return id(a)", "builtin"),
    "repr": ("def f(a):\n    return repr(a)", "builtin"),
    "set literal": ("def f(a):\n    x = {1, 2}\n    return x", "set"),
    "set call": ("def f(a):\n    x = set(a)\n    return x", "set"),
    "set comprehension": ("def f(a):\n    x = {b for b in a}\n    return x", "set"),
    "iterating a set": ("def f(a):\n    for x in set(a):\n        g(x)", "set"),
    "iterating a set in a comprehension": ("def f(a):\n    return [x for x in {1, 2}]", "set"),
    "list of a set": ("def f(a):\n    return list(set(a))", "set"),
    "iterating a constant": ("A = frozenset([1])\ndef f():\n    return [x for x in A]", "set"),
    "iterating an annotated constant": (
        "A: frozenset[int] = frozenset([1])\ndef f():\n    return list(A)",
        "set",
    ),
    "union of sets": ("def f(a, b):\n    return list(set(a) | set(b))", "set"),
    "smallest by a key": ("def f(a):\n    return min(set(a), key=len)", "set"),
    "local frozen set": ("def f(a):\n    x = frozenset(a)\n    return x", "set"),
    "bare except": ("try:\n    x = 1\nexcept:\n    x = 2", "except"),
    "except Exception": ("try:\n    x = 1\nexcept Exception:\n    x = 2", "except"),
    "except among others": (
        "try:\n    x = 1\nexcept (KeyError, MemoryError):\n    x = 2",
        "except",
    ),
    "global": ("x = 1\ndef f():\n    global x\n    x = 2", "global"),
    "internals": ("def f(a):\n    return a.__class__.__subclasses__()", "internals"),
    "builtins": ("x = __builtins__", "internals"),
    "async": ("async def f():\n    return 1", "async"),
}

GOOD = """
from __future__ import annotations
import re
from collections.abc import Sequence
import msgspec
from hanse.core import canonical
from hanse.ledger.contract.contract import Context
ALLOWED = frozenset(["a", "b"])
KINDS: frozenset[str] = frozenset(("x",))
NAME = re.compile("[a-z]+")
def f(values: Sequence[int], kind: str) -> int:
    if kind in ALLOWED or kind not in {"q", "r"} or kind in KINDS:
        return sum(values) // 2 + 2**10 - 7 % 3
    if len(set(values)) != len(values) or set(values) == {1}:
        return sorted(set(values))[0]
    try:
        return max(values)
    except KeyError:
        return type(kind).__name__ == "str"
"""


def test_system_contracts_are_deterministic() -> None:
    assert [str(violation) for violation in check_folder(CONTRACTS)] == []


def test_every_contract_file_is_read() -> None:
    assert len(list(CONTRACTS.rglob("*.py"))) > 20


@pytest.mark.parametrize(("source", "rule"), BAD.values(), ids=BAD.keys())
def test_bad_sample_is_caught(source: str, rule: str) -> None:
    assert rule in [violation.rule for violation in check_source(source)]


def test_ordinary_contract_code_passes() -> None:
    assert check_source(GOOD) == []


def test_violation_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rules.py").write_text("x = 1\ny = 0.5\n", encoding="utf-8")
    (found,) = check_folder(tmp_path)
    assert (found.line, found.rule) == (2, "float")
    assert str(found).startswith(f"{tmp_path / 'deep' / 'rules.py'}:2: float:")
