"""The demo's files are what their README says."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from hanse.data.importing import import_file
from hanse.data.vault import Vault

FOLDER = Path(str(resources.files("hanse.cli.demo") / "data"))


def test_rows_overlap_and_label(intl_vault: Vault) -> None:
    bank, merchant = (
        import_file(FOLDER / f"german_credit_{name}.csv", intl_vault, key_columns=["id"])
        for name in ("bank", "merchant")
    )
    assert (bank.rows, merchant.rows) == (900, 890)
    ids = [set(table.to_arrow(["id"])["id"].to_pylist()) for table in (bank, merchant)]
    assert len(ids[0] & ids[1]) == 790
    assert sum(bank.to_arrow(["y"])["y"].to_pylist()) == 270
    numbers = {
        column.name for column in (*bank.columns, *merchant.columns) if column.type == "int64"
    }
    assert numbers == {
        "amount", "duration_months", "installment_rate", "existing_credits", "y",
        "age", "dependents", "residence_since",
    }  # fmt: skip
    readme = (FOLDER / "README.md").read_text()
    for column in (*bank.columns, *merchant.columns):
        assert f"`{column.name}`" in readme


def test_no_gaps(intl_vault: Vault) -> None:
    for name in ("bank", "merchant"):
        table = import_file(FOLDER / f"german_credit_{name}.csv", intl_vault)
        assert all(column.null_count == 0 for column in table.to_arrow().columns)
