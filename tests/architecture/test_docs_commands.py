"""Command lines in the documents and in the help parse, options included."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from hanse.cli.main import EXAMPLES, make_app
from hanse.sdk import Client
from hanse.sdk.area import Area

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENDS = {"|", ">", ">>", "<", "&&", "||", ";", "&"}
ROOT_COMMAND = typer.main.get_command(make_app())


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), body)
        for path in DOCUMENTS
        for found, body in BLOCK.findall(path.read_text(encoding="utf-8"))
        if found == language
    ]


def command_lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (line.strip().removeprefix("$ ") for line in joined.splitlines())
    return [line for line in lines if re.match(r"^([A-Z_]+=\S+ )*(\.venv/bin/)?hanse( |$)", line)]


def words_of(line: str) -> list[str]:
    """Arguments after ``hanse``, up to a redirection or the next command."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    while "=" in words[0]:
        words.pop(0)
    end = next((i for i, word in enumerate(words) if word in ENDS), len(words))
    return words[1:end]


def parse(line: str) -> None:
    """Parse as the program would, without running anything."""
    command, arguments, parent = ROOT_COMMAND, words_of(line), None
    if "--help" in arguments or "--version" in arguments:
        arguments = [word for word in arguments if word not in {"--help", "--version"}]
        for word in arguments:
            command = command.commands[word]
        return
    while hasattr(command, "commands"):
        assert arguments, f"no command: {line}"
        name, *arguments = arguments
        assert name in command.commands, f"no such command {name!r}: {line}"
        parent = command.make_context(command.name, [name], parent=parent)
        command = command.commands[name]
    command.make_context(command.name, arguments, parent=parent)


DOCUMENTED = [(place, line) for place, body in blocks("console") for line in command_lines(body)]


def examples():
    yield from EXAMPLES
    apps = [make_app()]
    while apps:
        app = apps.pop()
        apps += [group.typer_instance for group in app.registered_groups]
        for registered in app.registered_commands:
            yield from registered.callback.examples
        shown = (app.info.epilog or "").replace("\\[", "[")
        yield from (line.strip() for line in shown.split("\n\n") if "hanse " in line)


@pytest.mark.parametrize(("place", "line"), DOCUMENTED, ids=[f"{p}: {t}" for p, t in DOCUMENTED])
def test_documented_command_parses(place: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", sorted(set(examples())))
def test_example_in_the_help_parses(line: str) -> None:
    parse(line)


@pytest.mark.parametrize(
    "line", ["hanse flows depoly x", "hanse grants request", "hanse flows list --colour red"]
)
def test_the_check_can_fail(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|missing"):
        parse(line)


PYTHON = blocks("python")


@pytest.mark.parametrize(
    ("place", "body"), PYTHON, ids=[f"{p} {i}" for i, (p, _) in enumerate(PYTHON)]
)
def test_python_example_compiles_and_calls_what_exists(place: str, body: str) -> None:
    compile(body, place, "exec")
    with Client("http://127.0.0.1:1") as client:
        areas = {name: part for name, part in vars(client).items() if isinstance(part, Area)}
    for area, verb in re.findall(r"\b(?:client|bank|operator|merchant)\.(\w+)\.(\w+)\(", body):
        assert area in areas, f"{place}: client.{area}"
        assert hasattr(areas[area], verb), f"{place}: client.{area}.{verb}"
