"""Scores of a file of ids: every id asked once, nothing lost when a request is refused."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from hanse.cli.commands.batch import AT_ONCE, score_file
from hanse.cli.errors import BadUsage
from hanse.contracts.services.errors import RateExceeded
from hanse.sdk.files import CannotWrite


class Service:
    """Scores an id by its length; refuses after so many requests."""

    def __init__(self, requests: int = 100) -> None:
        self.left = requests
        self.asked: list[str] = []

    def __call__(self, ids: list[str]) -> list[dict[str, Any]]:
        if self.left == 0:
            raise RateExceeded()
        self.left -= 1
        self.asked += ids
        return [{"score": len(each) / 10, "class": "é,1"} for each in ids]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_every_id_is_asked_once(tmp_path: Path) -> None:
    ids = write(tmp_path / "ids.txt", "c1", "", "客2", "c1", 'a"b\tc', "c3")
    service, output = Service(), tmp_path / "scores.csv"
    assert score_file(service, ids, output) == 4
    assert service.asked == ["c1", "客2", 'a"b\tc', "c3"]
    assert read(output) == [
        ["id", "score", "class"],
        ["c1", "0.2", "é,1"],
        ["客2", "0.2", "é,1"],
        ['a"b\tc', "0.5", "é,1"],
        ["c3", "0.2", "é,1"],
    ]


def test_a_refusal_on_the_way_loses_nothing(tmp_path: Path) -> None:
    wanted = [f"c{number}" for number in range(2 * AT_ONCE + 3)]
    ids, output = write(tmp_path / "ids.txt", *wanted), tmp_path / "scores.csv"
    first, second = Service(requests=1), Service()
    with pytest.raises(RateExceeded):
        score_file(first, ids, output)
    assert len(read(output)) == 1 + AT_ONCE
    with output.open("a") as file:
        file.write("c99,0.")  # as a process that is killed would leave it
    assert score_file(second, ids, output) == len(wanted)
    assert first.asked + second.asked == wanted
    assert [row[0] for row in read(output)[1:]] == wanted
    assert score_file(Service(requests=0), ids, output) == len(wanted)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    ids = write(tmp_path / "ids.txt", "c1")
    with pytest.raises(BadUsage):
        score_file(Service(), write(tmp_path / "none.txt", "", " "), tmp_path / "out.csv")
    other = write(tmp_path / "other.csv", "name,age", "x,1")
    with pytest.raises(BadUsage):
        score_file(Service(), ids, other)
    assert other.read_text() == "name,age\nx,1\n"
    with pytest.raises(CannotWrite):
        score_file(Service(), ids, tmp_path / "nowhere" / "out.csv")
