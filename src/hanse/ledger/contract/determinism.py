"""A static check that contract code can only do what every node does alike.

It reads source, it runs nothing. Imports are an allow-list; floats, true division, sets
outside membership tests, hash values, identities, catching everything, global state and access
to Python's internals are refused. It keeps honest authors from mistakes; it is no sandbox, and
system contracts are reviewed code.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ALLOWED_IMPORTS = (
    "__future__",
    "abc",
    "collections.abc",
    "dataclasses",
    "enum",
    "hanse.contracts",
    "hanse.core",
    "hanse.crypto.errors",
    "hanse.crypto.suite",
    "hanse.identity.did",
    "hanse.identity.errors",
    "hanse.identity.statuslist",
    "hanse.ledger.certificates",
    "hanse.ledger.contract",
    "hanse.ledger.registry",
    "hanse.ledger.validators",
    "msgspec",
    "re",
    "typing",
)
# Exceptions that machines raise at different moments must not be caught and so hidden.
TOO_WIDE = {"Exception", "BaseException", "MemoryError", "RecursionError", "OSError"}
FORBIDDEN_CALLS = {
    "__import__": "imports at run time",
    "breakpoint": "stops the node",
    "compile": "runs text as code",
    "complex": "makes floats",
    "eval": "runs text as code",
    "exec": "runs text as code",
    "float": "makes floats",
    "globals": "reaches into the module",
    "hash": "differs between processes",
    "id": "differs between processes",
    "input": "reads from outside",
    "locals": "reaches into the frame",
    "open": "reads or writes files",
    "print": "writes outside",
    "repr": "may show memory addresses",
    "round": "works on floats",
    "vars": "reaches into objects",
}
ALLOWED_DUNDERS = {"__name__", "__init__", "__post_init__", "__all__", "__annotations__"}
SET_CALLS = {"set", "frozenset"}
ORDER_FREE_CALLS = {"len", "sorted", "frozenset", "min", "max"}
_SET_NODES = (ast.Set, ast.SetComp)
_COMPARES = (ast.In, ast.NotIn, ast.Eq, ast.NotEq, ast.LtE, ast.Lt, ast.GtE, ast.Gt)


@dataclass(frozen=True)
class Violation:
    """One place that could make nodes differ.

    Attributes:
        file: name of the source file.
        line: 1-based.
        rule: short name of the rule.
        message: what is wrong there.
    """

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def check_folder(folder: Path) -> list[Violation]:
    """Check every Python file below a folder."""
    found: list[Violation] = []
    for path in sorted(folder.rglob("*.py")):
        found.extend(check_source(path.read_text(encoding="utf-8"), str(path)))
    return found


def check_source(source: str, file: str = "<contract>") -> list[Violation]:
    """Check one module's source.

    Raises:
        SyntaxError: when it is no Python.
    """
    tree = ast.parse(source, filename=file)
    checker = _Checker(file, tree)
    checker.visit(tree)
    return sorted(checker.found, key=lambda violation: (violation.line, violation.rule))


class _Checker(ast.NodeVisitor):
    def __init__(self, file: str, tree: ast.Module) -> None:
        self.found: list[Violation] = []
        self._file = file
        self._parents = {
            child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
        }
        self._constant_sets = _constant_sets(tree)

    def _add(self, node: ast.AST, rule: str, message: str) -> None:
        self.found.append(Violation(self._file, getattr(node, "lineno", 0), rule, message))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_import(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            self._add(node, "import", "relative imports hide what is imported")
        elif not _is_allowed(module):
            for alias in node.names:
                self._check_import(node, f"{module}.{alias.name}")

    def _check_import(self, node: ast.AST, name: str) -> None:
        if not _is_allowed(name):
            self._add(node, "import", f"{name} is not on the list contracts may import")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, (float, complex)):
            self._add(node, "float", "contracts count in integers")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._check_operator(node, node.op, node.right)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._check_operator(node, node.op, node.value)
        self.generic_visit(node)

    def _check_operator(self, node: ast.AST, operator: ast.operator, right: ast.expr) -> None:
        if isinstance(operator, ast.Div):
            self._add(node, "division", "true division makes floats; use //")
        if isinstance(operator, ast.Pow) and not _is_natural(right):
            self._add(node, "power", "the exponent must be a literal, not negative")

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            reason = FORBIDDEN_CALLS.get(node.func.id)
            if reason is not None:
                self._add(node, "builtin", f"{node.func.id} {reason}")
            if node.func.id in SET_CALLS:
                self._check_set(node)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        name = node.id
        if isinstance(node.ctx, ast.Load):
            called = isinstance(parent := self._parents[node], ast.Call) and parent.func is node
            if name in FORBIDDEN_CALLS and not called:
                self._add(node, "builtin", f"{name} {FORBIDDEN_CALLS[name]}")
            if name in self._constant_sets:
                self._check_set(node)
        self._check_dunder(node, name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._check_dunder(node, node.attr)
        self.generic_visit(node)

    def _check_dunder(self, node: ast.AST, name: str) -> None:
        if name.startswith("__") and name.endswith("__") and name not in ALLOWED_DUNDERS:
            self._add(node, "internals", f"{name} reaches into Python's internals")

    def visit_Set(self, node: ast.Set) -> None:
        self._check_set(node)
        self.generic_visit(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._check_set(node)
        self.generic_visit(node)

    def _check_set(self, node: ast.expr) -> None:
        """A set may be asked whether it holds something; its order must never show."""
        parent = self._parents[node]
        if isinstance(parent, ast.Compare) and all(isinstance(o, _COMPARES) for o in parent.ops):
            return
        if _is_constant_set(parent) or _is_order_free_call(parent, node):
            return
        self._add(node, "set", "the order of a set differs between processes; use a list or dict")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        names = _names(node.type)
        if node.type is None or names & TOO_WIDE:
            self._add(node, "except", "would hide failures of the machine; name the error")
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self._add(node, "global", "state lives in collections, not in modules")

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._add(node, "async", "contracts wait for nothing")
        self.generic_visit(node)


def _is_allowed(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in ALLOWED_IMPORTS)


def _is_natural(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value >= 0


def _is_constant_set(node: ast.AST) -> bool:
    """``NAME = frozenset(...)`` at the top of a module, perhaps annotated."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    return isinstance(function, ast.Name) and function.id == "frozenset" and node.col_offset == 0


def _is_order_free_call(call: ast.AST, argument: ast.expr) -> bool:
    """``len(...)``, ``sorted(...)`` without a key, and the like."""
    if not isinstance(call, ast.Call) or argument not in call.args or call.keywords:
        return False
    return isinstance(call.func, ast.Name) and call.func.id in ORDER_FREE_CALLS


def _constant_sets(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for statement in tree.body:
        if _is_constant_set(statement):
            targets = (
                statement.targets
                if isinstance(statement, ast.Assign)
                else [statement.target]
                if isinstance(statement, ast.AnnAssign)
                else []
            )
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def _names(node: ast.expr | None) -> set[str]:
    if node is None:
        return set()
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
