"""What can be seen of a source without running it: imports, names, the function.

This keeps honest authors from surprises and reviewers from having to look for the obvious. It is
no boundary: that is the sandbox.
"""

from __future__ import annotations

import ast

from hanse.compute.algorithms.errors import ForbiddenCode

FUNCTION = "algorithm"
IMPORTS = ("__future__", "functools", "jax", "jax.lax", "jax.nn", "jax.numpy", "math", "typing")
_REFUSED = """
breakpoint compile delattr dir eval exec exit getattr globals help id input locals memoryview
open print quit setattr vars
"""
_NAMES = frozenset(_REFUSED.split())
_STATEMENTS = (ast.AsyncFunctionDef, ast.Await, ast.Global, ast.Nonlocal, ast.ClassDef)


def check_source(source: str) -> None:
    """Refuse a source that uses what an algorithm may not.

    Raises:
        ForbiddenCode: naming line and construct.
    """
    try:
        tree = ast.parse(source, "algorithm.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise ForbiddenCode(f"line {line or 0}: this is no Python") from error
    for node in ast.walk(tree):
        problem = _problem(node)
        if problem:
            raise ForbiddenCode(f"line {getattr(node, 'lineno', 0)}: {problem}")
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == FUNCTION]
    if len(functions) != 1:
        raise ForbiddenCode(f"the source defines one function {FUNCTION!r} at its top level")


def _problem(node: ast.AST) -> str:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return _refused(_modules(node))
    if isinstance(node, ast.Name) and (node.id in _NAMES or node.id.startswith("__")):
        return f"the name {node.id!r} is not allowed"
    if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
        return f"the attribute {node.attr!r} is not allowed"
    if isinstance(node, _STATEMENTS):
        return f"{type(node).__name__} is not allowed"
    return ""


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = "." * node.level + (node.module or "")
    return [f"jax.{a.name}" for a in node.names] if module == "jax" else [module]


def _refused(names: list[str]) -> str:
    for name in names:
        if name not in IMPORTS:
            return f"import of {name!r}; allowed are {', '.join(IMPORTS)}"
    return ""
