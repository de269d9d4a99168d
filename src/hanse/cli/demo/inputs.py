"""The two files the demo runs on, checked before anything is started."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from hanse.core.errors import InputError

LedgerKind = Literal["embedded", "cometbft"]
OWN_DATA = resources.files("hanse.cli.demo") / "data"


class DemoFileUnreadable(InputError):
    """A file of the demo cannot be read."""

    code = "demo.file_unreadable"
    help = "Give the path of a CSV file with a header line."


class DemoColumnMissing(InputError):
    """A file of the demo lacks the id or label column."""

    code = "demo.column_missing"
    help = "Name the id column (in both files) and the label column (in the bank's file)."


@dataclass(frozen=True)
class DemoFiles:
    """Bank and partner file with their common id column and the bank's label column."""

    bank: Path
    partner: Path
    id_column: str
    label: str


@dataclass(frozen=True)
class DemoOptions:
    """What the demo was asked for."""

    files: DemoFiles
    home: Path
    two_party: bool = False
    keep: bool = False
    suite: str = "sm"
    ledger: LedgerKind = "embedded"


def own_files() -> DemoFiles:
    """German Credit, split between bank and merchant; provenance in ``data/README.md``."""
    return DemoFiles(
        bank=Path(str(OWN_DATA / "german_credit_bank.csv")),
        partner=Path(str(OWN_DATA / "german_credit_merchant.csv")),
        id_column="id",
        label="y",
    )


def check_files(files: DemoFiles) -> None:
    """Look at both headers, so that a wrong name is found before six nodes are started.

    Raises:
        DemoFileUnreadable, DemoColumnMissing: naming the file and what is wrong.
    """
    for path, needed in (
        (files.bank, (files.id_column, files.label)),
        (files.partner, (files.id_column,)),
    ):
        header = _header(path)
        for column in needed:
            if column not in header:
                raise DemoColumnMissing(f"{path.name} has no column {column!r}")


def _header(path: Path) -> list[str]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                return [name.strip() for name in next(csv.reader(file), [])]
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise DemoFileUnreadable(f"{path}: {error.strerror}") from error
    raise DemoFileUnreadable(f"{path.name} is neither UTF-8 nor GB18030 text")
