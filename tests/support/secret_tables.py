"""Two tables whose every value is unlikely to occur by chance, and the needles made of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from leak_search import (
    Needles,
    add_digests,
    add_flags,
    add_hashes,
    add_numbers,
    add_text,
)

# Not digits of hexadecimal numbers, so that no hash spells an id.
_LETTERS = "GHJKLMNPQRSTVWXYZ"
COMMON, BANK_ROWS, MERCHANT_ROWS = 241, 287, 263
KEY, LABEL = "id", "y"
PREFIXES = (b"hanse", b"id", b"key", b"salt", b"hanse/psi/1", b"hanse/key/1")


def make_tables(seed: int = 11) -> tuple[pa.Table, pa.Table]:
    """A bank's and a merchant's table; a third of the merchant's ids is in full-width letters."""
    dice, rng = random.Random(seed), np.random.default_rng(seed)
    everybody = [f"KX-{_word(dice)}-{_word(dice)}" for _ in range(BANK_ROWS + MERCHANT_ROWS)]
    common = everybody[:COMMON]
    bank_ids = _shuffled(dice, common + everybody[COMMON:BANK_ROWS])
    merchant_ids = _shuffled(dice, common + everybody[BANK_ROWS:][: MERCHANT_ROWS - COMMON])
    hidden = {name: rng.normal(size=3) for name in everybody}
    risk = np.array([hidden[name].sum() for name in bank_ids])
    bank = {
        KEY: bank_ids,
        "收入": [round(3e5 + 1e5 * hidden[name][0], 5) for name in bank_ids],
        "account": rng.integers(10**11, 10**12, BANK_ROWS),
        "雇主": [_rare(dice, "公司") for _ in bank_ids],
        LABEL: (risk + rng.normal(size=BANK_ROWS) > 0).astype(np.int64),
    }
    merchant = {
        KEY: [_wide(name) if row % 3 == 0 else name for row, name in enumerate(merchant_ids)],
        "spend": [round(7e5 + 2e5 * hidden[name][1], 5) for name in merchant_ids],
        "order_number": rng.integers(10**11, 10**12, MERCHANT_ROWS),
        "note": [_rare(dice, "Straße") for _ in merchant_ids],
        "vip": (rng.random(MERCHANT_ROWS) < 0.5).astype(np.int64),
    }
    return pa.table(bank), pa.table(merchant)


def write_files(folder: Path) -> tuple[Path, Path]:
    """The tables as CSV files."""
    paths = folder / "secret_bank.csv", folder / "secret_merchant.csv"
    for path, table in zip(paths, make_tables(), strict=True):
        pyarrow.csv.write_csv(table, path)
    return paths


def needles_of(
    tables: Iterable[pa.Table],
    *,
    prefixes: Iterable[bytes] = (),
    but: Iterable[float | int] = (),
) -> Needles:
    """Everything in the tables that must not be seen.

    Args:
        tables: rows in an order they may travel in; give one table in several orders.
        prefixes: what may stand before an id when it is hashed.
        but: numbers that are told by declaration, as ranges are to a receiver.
    """
    needles, told = Needles(), set(but)
    seen: set[str] = set()
    for table in tables:
        for name in table.column_names:
            values = table[name]
            if pa.types.is_string(values.type):
                texts = [text for text in values.to_pylist() if text not in seen]
                seen.update(texts)
                _add_texts(needles, name, texts, [b"", *PREFIXES, *prefixes])
                add_digests(needles, f"column {name}", "\n".join(values.to_pylist()).encode())
                continue
            array = np.asarray(values)
            if set(array.tolist()) <= {0, 1}:
                add_flags(needles, f"column {name}", array)
            else:
                kept = np.array([value for value in array.tolist() if value not in told])
                add_numbers(needles, f"column {name}", kept)
            add_digests(needles, f"column {name}", array.tobytes())
    return needles


def extremes(table: pa.Table) -> Iterator[Any]:
    """Least and greatest value of the number columns that are no flags."""
    for values in table.columns:
        if not pa.types.is_string(values.type):
            array = np.asarray(values)
            if not set(array.tolist()) <= {0, 1}:
                yield from (array.min().item(), array.max().item())


def _add_texts(needles: Needles, name: str, texts: list[str], prefixes: list[bytes]) -> None:
    for text in texts:
        add_text(needles, f"column {name}", text)
        add_hashes(needles, f"column {name}", text, prefixes if name == KEY else [b""])


def _word(dice: random.Random) -> str:
    return "".join(dice.choice(_LETTERS) for _ in range(6))


def _rare(dice: random.Random, kind: str) -> str:
    return f"{_word(dice).lower()} {kind} {_word(dice)}"


def _wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def _shuffled(dice: random.Random, items: list[str]) -> list[str]:
    return dice.sample(items, len(items))
