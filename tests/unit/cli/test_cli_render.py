"""Tables for people."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from hanse.api.base import Page
from hanse.api.flows import FlowCheckView, PlannedStepView
from hanse.api.members import MemberView
from hanse.api.node import HealthCheck, HealthView
from hanse.api.operations import OPERATIONS
from hanse.cli.output import Output, plain
from hanse.cli.render import COLUMNS, cell, render_object, render_table, title

NAMES = ("Bank", "招商银行", "Ünïon ￥", "a" * 120)


def text_of(renderable: object, width: int = 1_000) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, emoji=False).print(renderable)
    return out.getvalue().splitlines()


def member(name: str) -> MemberView:
    return MemberView(did="did:hanse:x", name=name, roles=["auditor"], state="ACTIVE")


def test_chinese_text_lines_up() -> None:
    lines = text_of(render_table([member(name) for name in NAMES]))
    starts = {cell_len(line[: line.index("did:hanse:x")]) for line in lines[1:]}
    assert len(starts) == 1


def test_identifiers_are_never_cut() -> None:
    long = "did:hanse:" + "a" * 32
    row = MemberView(did=long, name="n", roles=["auditor"], state="ACTIVE")
    narrow = "".join(line[5:45].strip() for line in text_of(render_table([row]), width=60))
    assert "…" not in narrow
    assert long in "".join("".join(text_of(render_table([row]))).split())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("created_ms", 0, "1970-01-01 00:00:00Z"),
        ("size_bytes", 1_536, "1.5 KiB"),
        ("balance_points", 1_234_567, "1,234,567"),
        ("mean", 0.123456789, "0.123457"),
        ("ok", True, "yes"),
        ("x", None, ""),
        ("roles", ["a", "b"], "a, b"),
        ("lines", ["a", "b"], "a\nb"),
        ("d", {"a": 1, "b": "c"}, "a: 1, b: c"),
        ("d", {"created_ms": 0, "n": 1000}, "created_ms: 1970-01-01 00:00:00Z, n: 1,000"),
        ("window_ms", 60_000, "60 s"),
        ("d", {"x": {"a": 1, "b": 2}, "y": 3}, "x:\n  a: 1, b: 2\ny: 3"),
    ],
)
def test_cells(name: str, value: object, expected: str) -> None:
    assert cell(name, value) == expected


def test_text_of_others_cannot_drive_the_terminal() -> None:
    evil = member("\x1b[2J\x1b]0;owned\x07bank\u202e")
    shown = "".join(text_of(render_table([evil])) + text_of(render_object(evil)))
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "bank" in shown


def test_markup_in_names_is_text() -> None:
    assert "[red]x[/red]" in "".join(text_of(render_table([member("[red]x[/red]")])))


def test_nested_views_become_tables() -> None:
    view = HealthView(ok=False, checks=[HealthCheck(name="disk", ok=False, detail="full")])
    assert any("disk" in line and "full" in line for line in text_of(render_object(view)))


def test_sentences_stand_below_their_table() -> None:
    step = PlannedStepView(
        id="train", operator="o", protocol="p", owners=[], computes=[], receivers=[],
        explanation=["bank learns\x1b nothing", "shop learns the rest"],
    )  # fmt: skip
    lines = text_of(render_object(FlowCheckView(name="f", purpose="p", parties={}, steps=[step])))
    assert [line.strip() for line in lines[-3:]] == [
        "train",
        "bank learns\ufffd nothing",
        "shop learns the rest",
    ]


def test_titles_drop_units() -> None:
    assert [title(n) for n in ("created_ms", "price_points", "exit_code")] == [
        "created",
        "price",
        "exit code",
    ]


def test_every_list_has_chosen_columns_that_exist() -> None:
    for declared in OPERATIONS.values():
        if declared.paged:
            item = declared.response.model_fields["items"].annotation.__args__[0]
            assert item.__name__ in COLUMNS, declared.id
            assert set(COLUMNS[item.__name__]) <= set(item.model_fields), declared.id


def test_empty_page_and_page_mark(capsys) -> None:
    Output(as_json=False).show(Page[MemberView](items=[]))
    Output(as_json=False).show(Page[MemberView](items=[member("a")], next="m[1]"))
    out = capsys.readouterr().out
    assert "nothing found" in out and "--after m[1]" in out


def test_json_keeps_chinese_readable(capsys) -> None:
    Output(as_json=True).show(Page[MemberView](items=[member("招商银行")]))
    assert "招商银行" in capsys.readouterr().out
    assert plain({"a": [member("b")]})["a"][0]["name"] == "b"
