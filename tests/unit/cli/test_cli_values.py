"""Values typed on the command line."""

import time

import pytest

from hanse.cli.errors import BadOption
from hanse.cli.values import levels, moment_ms, pairs, size_bytes, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31", 1_801_353_600_000),
        ("2027-01-31T00:00:00+08:00", 1_801_353_600_000 - 8 * 3_600_000),
        ("2027-01-31T00:00:00Z", 1_801_353_600_000),
    ],
)
def test_dates_are_utc_unless_they_say_otherwise(text: str, expected: int) -> None:
    assert moment_ms(text, "--x") == expected


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("2h", 7200), ("30d", 2_592_000)])
def test_spans_count_from_now(text: str, seconds: int) -> None:
    assert abs(moment_ms(text, "--x") / 1000 - time.time() - seconds) < 5


@pytest.mark.parametrize("text", ["", "soon", "30", "-3d", "2027-13-01"])
def test_other_moments_name_the_option(text: str) -> None:
    with pytest.raises(BadOption, match="--not-after"):
        moment_ms(text, "--not-after")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512", 512), ("1k", 1024), ("16G", 16 * 2**30), ("3MiB", 3 * 2**20), ("2tb", 2**41)],
)
def test_sizes(text: str, expected: int) -> None:
    assert size_bytes(text, "--memory") == expected


@pytest.mark.parametrize("text", ["", "G", "1.5G", "-1", "3 M"])
def test_other_sizes_name_the_option(text: str) -> None:
    with pytest.raises(BadOption, match="--memory"):
        size_bytes(text, "--memory")


def test_words_take_repeats_and_commas() -> None:
    assert words(["a,b", " c ", ""]) == ["a", "b", "c"]
    assert words([]) is None and words(None) is None


def test_pairs_and_levels() -> None:
    assert pairs(["年龄=int64", "x=a=b"], "--type") == {"年龄": "int64", "x": "a=b"}
    assert levels(["income=4"], "--l") == {"income": 4}
    assert pairs(None, "--x") is None and levels([], "--x") is None
    for wrong in ("name", "=3"):
        with pytest.raises(BadOption, match="--type"):
            pairs([wrong], "--type")
    with pytest.raises(BadOption, match="--level"):
        levels(["income=high"], "--level")
