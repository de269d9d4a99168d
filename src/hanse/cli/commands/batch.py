"""Many ids to a service from a file, scores to a file that a later call goes on with."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hanse.cli.commands.files import read_text
from hanse.cli.errors import BadUsage
from hanse.sdk.files import CannotWrite

AT_ONCE = 1_024
"""Ids in one request at most."""
Rows = Sequence[Mapping[str, Any]]
Ask = Callable[[list[str]], Rows]


def score_file(
    ask: Ask, file: Path, output: Path, report: Callable[[str], None] = lambda text: None
) -> int:
    """Score every id of a file; returns how many rows the output has.

    What was answered is on disk before the next request: scores are counted and paid for, so an
    error on the way loses none. An output that exists is gone on with, its ids are not asked again.

    Args:
        ask: scores ids; one row of named values for each.
        file: one id a line, components with tabs between; - for standard input.
        output: CSV, the id first.
        report: told how far it is.

    Raises:
        BadUsage: the file has no ids, or the output is no file of scores.
        CannotRead, CannotWrite: naming the file.
        HanseError: what the service refuses.
    """
    wanted = list(dict.fromkeys(line for line in read_text(file).splitlines() if line.strip()))
    if not wanted:
        raise BadUsage(f"{file} holds no ids")
    try:
        done = _scored(output)
        rest = [each for each in wanted if each not in done]
        for at in range(0, len(rest), AT_ONCE):
            report(f"{len(done)} of {len(done) + len(rest) - at} scored")
            asked = rest[at : at + AT_ONCE]
            _append(output, asked, ask(asked), header=not done)
            done.update(asked)
    except OSError as error:
        raise CannotWrite(f"cannot write {output}: {error.strerror}") from error
    return len(done)


def _scored(output: Path) -> set[str]:
    """Ids a file of scores has; a last line that was cut off is cut away."""
    if not output.exists():
        return set()
    data = output.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    rows = list(csv.reader(io.StringIO(whole.decode("utf-8", "replace"), newline="")))
    if data and (not rows or rows[0][:1] != ["id"]):
        raise BadUsage(f"{output} exists and holds no scores")
    if whole != data:
        os.truncate(output, len(whole))
    return {row[0] for row in rows[1:]}


def _append(output: Path, ids: Sequence[str], rows: Rows, *, header: bool) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(["id", *rows[0]])
    writer.writerows([each, *row.values()] for each, row in zip(ids, rows, strict=True))
    with output.open("wb" if header else "ab") as out:
        out.write(text.getvalue().encode("utf-8"))
        out.flush()
        os.fsync(out.fileno())
