"""One declared operation, one route, one SDK method, at least one command."""

import ast
import inspect
import textwrap

import pytest
import typer

from hanse.api.operations import OPERATIONS
from hanse.cli.main import make_app
from hanse.sdk import Client
from hanse.sdk.area import Area

NOT_ON_THE_COMMAND_LINE = {
    "ledger.raw_blocks": "followers fetch these; people read ledger blocks",
    "ledger.prove_snapshot": "nodes that join begin with it",
    "ledger.ask_engine": "engines that join ask each other's",
    "peer.challenge": "nodes speak to nodes",
    "peer.answer": "nodes speak to nodes",
    "peer.send": "nodes speak to nodes",
    "peer.application": "the applicant's node polls this",
}
HELPERS = {
    ("node", "wait_healthy"),
    ("ledger", "wait_transaction"),
    ("ledger", "wait_height"),
    ("data", "wait_ready"),
    ("grants", "wait_state"),
    ("flows", "wait_completed"),
    ("flows", "save_result"),
}


@pytest.fixture(scope="module")
def areas() -> dict[str, Area]:
    with Client("http://127.0.0.1:1") as client:
        return {name: part for name, part in vars(client).items() if isinstance(part, Area)}


def callbacks(command=None, path=()):
    command = command or typer.main.get_command(make_app())
    for name, child in getattr(command, "commands", {}).items():
        yield from callbacks(child, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command.callback


def commands():
    for path, callback in callbacks():
        yield path, getattr(callback, "operations", ())


def test_every_operation_has_a_method_and_every_method_an_operation(areas) -> None:
    methods = {
        (area, verb)
        for area, part in areas.items()
        for verb, _ in inspect.getmembers(type(part), inspect.isfunction)
        if not verb.startswith("_")
    }
    declared = {(operation.area, operation.verb) for operation in OPERATIONS.values()}
    assert methods - HELPERS == declared
    assert methods >= HELPERS


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_method_calls_its_operation_with_its_models(operation, areas) -> None:
    method = getattr(type(areas[operation.area]), operation.verb)
    source = inspect.getsource(method)
    names = {n.id for n in ast.walk(ast.parse(textwrap.dedent(source))) if isinstance(n, ast.Name)}
    helper = getattr(type(areas[operation.area]), "_act", None)
    if helper is not None and "_act(" in source:
        body = ast.parse(textwrap.dedent(inspect.getsource(helper)))
        names |= {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
    assert f'"{operation.id}"' in source
    if operation.request is not None:
        assert operation.request.__name__ in names
    if operation.answers == "json" and operation.response is not None:
        expected = getattr(operation.response, "__name__", "")
        assert expected.split("[")[0] in names
        if operation.paged:
            assert expected[5:-1] in names
    parameters = inspect.signature(method).parameters
    assert set(operation.query) <= {
        "file_format" if name == "format" else name for name in parameters
    } | ({"format"} if "file_format" in parameters else set())
    if operation.paged:
        assert {"limit", "after"} <= set(parameters)


def test_every_operation_has_a_command() -> None:
    covered = {operation for _, operations in commands() for operation in operations}
    assert covered | set(NOT_ON_THE_COMMAND_LINE) == set(OPERATIONS)
    assert not covered & set(NOT_ON_THE_COMMAND_LINE)


def test_commands_use_what_they_declare() -> None:
    for path, callback in callbacks():
        source = inspect.getsource(inspect.getmodule(inspect.unwrap(callback)))
        for operation in getattr(callback, "operations", ()):
            area, verb = operation.split(".")
            assert verb in source, f"{path} does not call {operation}"
            assert area in source, f"{path} does not call {operation}"
