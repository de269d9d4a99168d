"""The command line as a whole: help that teaches, exit codes, one clear line per error."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from hanse.cli.main import main, make_app
from hanse.core.errors import NotFoundError


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path, monkeypatch) -> None:
    for name in ("HANSE_URL", "HANSE_TOKEN", "HANSE_PROFILE", "HANSE_CA_FILE", "HANSE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HANSE_CONFIG", str(tmp_path / "config.json"))


def leaves(command=None, path=()):
    command = command or typer.main.get_command(make_app())
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))
    else:
        yield path, command


LEAVES = list(leaves())
IDS = [" ".join(path) for path, _ in LEAVES]


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that refuses connections: its port is held, and nobody listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=IDS)
def test_every_command_teaches_and_speaks_json(path, command) -> None:
    options = {name for param in command.params for name in param.opts}
    assert "--json" in options
    assert command.help and len(command.help.split()) >= 3
    examples = command.callback.examples
    assert examples, "no example"
    shown = command.epilog.replace("\\[", "[")
    for example in examples:
        assert "hanse " in example and example in shown
    for param in command.params:
        if param.param_type_name == "argument":
            assert param.help or param.name in {"height", "contract", "collection", "points",
                                                "application", "credential", "step"}  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["flows", "--help"], ["flows", "deploy", "--help"]]
)
def test_help_shows_examples(arguments, capsys) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "Examples" in out and "hanse flows deploy flow.yaml" in out


@pytest.mark.parametrize("arguments", [[], ["flows"]])
def test_no_command_shows_help_and_nothing_else(arguments, capsys) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "Usage: hanse" in captured.out + captured.err
    assert "hanse:" not in captured.err


def test_version(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip().count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["flows", "depoly"], "depoly"),
        (["flows", "list", "--limit", "many"], "--limit"),
        (["flows", "list", "--limit", "501"], "501"),
        (["grants", "request", "ds-1"], "--field"),
        (["flows", "show"], "FLOW"),
        (["node", "show", "--colour"], "--colour"),
    ],
)
def test_usage_errors_are_one_line_with_exit_code_2(arguments, part, capsys) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("hanse: ") and "[cli.bad_usage]" in captured.err


def test_errors_are_json_with_json(nobody, capsys) -> None:
    assert main(["flows", "list", "--url", nobody, "--json"]) == 9
    captured = capsys.readouterr()
    assert captured.out == ""
    error = json.loads(captured.err)["error"]
    assert error["code"] == "sdk.node_unreachable"
    assert error["retryable"] is True and error["help"]


def test_unreachable_node_says_what_to_do(nobody, capsys) -> None:
    assert main(["flows", "list", "--url", nobody]) == 9
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert nobody in err and "[sdk.node_unreachable]" in err and "hanse node start" in err


def test_no_node_chosen(capsys) -> None:
    assert main(["flows", "list"]) == 2
    assert "hanse login" in capsys.readouterr().err


DESTRUCTIVE = [
    ["users", "delete", "alice"],
    ["tokens", "delete", "tk"],
    ["members", "suspend", "did:hanse:a"],
    ["members", "remove", "did:hanse:a"],
    ["identity", "rotate-key"],
    ["identity", "deactivate"],
    ["issuers", "withdraw", "did:hanse:a"],
    ["ledger", "prune", "--keep", "5"],
    ["rights", "transfer", "ds", "holding", "did:hanse:a"],
    ["credentials", "suspend", "cr"],
    ["credentials", "revoke", "cr"],
    ["data", "delete", "tb"],
    ["catalogue", "withdraw", "ds"],
    ["resources", "withdraw", "rs"],
    ["algorithms", "revoke", "a@1.0.0"],
    ["algorithms", "withdraw", "a@1.0.0"],
    ["grants", "terminate", "gr"],
    ["grants", "revoke", "gr"],
    ["flows", "terminate", "fl"],
    ["models", "retire", "fl", "train", "model"],
    ["services", "end", "sv"],
    ["points", "issue", "did:hanse:a", "5"],
    ["points", "transfer", "did:hanse:a", "5"],
    ["points", "freeze", "did:hanse:a"],
    ["privacy", "end", "ds"],
    ["validators", "vote", "did:hanse:a", "1"],
    ["validators", "deregister"],
    ["validators", "rotate-keys"],
]


@pytest.mark.parametrize("arguments", DESTRUCTIVE, ids=" ".join)
def test_destructive_commands_ask_before_anything_is_sent(arguments, nobody, capsys) -> None:
    assert main([*arguments, "--url", nobody]) == 2
    assert "[cli.confirmation_needed]" in capsys.readouterr().err
    assert main([*arguments, "--url", nobody, "--yes"]) == 9


def test_every_command_that_destroys_is_in_the_list_above() -> None:
    asking = {path for path, command in LEAVES if any("--yes" in p.opts for p in command.params)}
    assert asking == {tuple(arguments[:2]) for arguments in DESTRUCTIVE} | {("ledger", "restore")}


def test_restoring_asks_before_anything_is_replaced(tmp_path: Path, capsys) -> None:
    arguments = ["ledger", "restore", str(tmp_path / "backup"), "--home", str(tmp_path)]
    assert main(arguments) == 2
    assert "[cli.confirmation_needed]" in capsys.readouterr().err
    assert main([*arguments, "--yes"]) == 4
    assert "[node.not_a_home]" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--below", "3", "--keep", "4"]])
def test_pruning_takes_one_way_to_say_where(options: list[str], nobody, capsys) -> None:
    assert main(["ledger", "prune", *options, "--url", nobody, "--yes"]) == 2
    assert "[cli.bad_usage]" in capsys.readouterr().err


def test_exit_code_is_the_catalogues(monkeypatch, capsys) -> None:
    def gone(*_: object) -> None:
        raise NotFoundError("no such\nthing")

    monkeypatch.setattr("hanse.cli.run.Run.connection", gone)
    assert main(["node", "show"]) == NotFoundError.exit_code == 4
    assert capsys.readouterr().err.startswith("hanse: no such thing [input.not_found]")


def test_unexpected_error_is_ours_and_hides_the_stack(monkeypatch, capsys) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("hanse.cli.run.Run.connection", broken)
    assert main(["node", "show"]) == 70
    err = capsys.readouterr().err
    assert "internal.error" in err and "secret detail" not in err and "Traceback" not in err


def test_unreadable_file_is_named(nobody, capsys) -> None:
    assert main(["flows", "check", "/nowhere/flow.yaml", "--url", nobody]) == 2
    assert "/nowhere/flow.yaml" in capsys.readouterr().err
