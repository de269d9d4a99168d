"""The demo's report: for people as tables, for programs as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from hanse.cli.demo.refusals import EXPECTED


class FlowReport(BaseModel):
    """One flow of the demo."""

    id: str
    protocol: str
    computing: list[str]
    auc: float
    ks: float
    seconds: float


class DemoReport(BaseModel):
    """Everything the demo found; AUC and KS are measured on the same test rows."""

    rows_bank: int
    rows_partner: int
    rows_common: int
    auc_bank_only: float
    auc_joint: float
    auc_joint_plaintext: float
    ks_bank_only: float
    ks_joint: float
    ks_joint_plaintext: float
    seconds: dict[str, float]
    blocks: int
    transactions: int
    balances: dict[str, int]
    proof_verified: bool
    flipped_proof_refused: bool
    evidence_opened: int
    refusals: dict[str, str]
    flows: list[FlowReport]

    def failures(self) -> list[str]:
        """What did not go as it must; empty when the demo succeeded."""
        found = [
            f"{case}: expected {code}, got {self.refusals.get(case, 'nothing')}"
            for case, code in EXPECTED.items()
            if self.refusals.get(case) != code
        ]
        if not self.proof_verified:
            found.append("the proof was not confirmed")
        if not self.flipped_proof_refused:
            found.append("a flipped proof was accepted")
        return found

    def write(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        os.replace(partial, path)  # noqa: PTH105 - atomic replacement

    def show(self, console: Console) -> None:
        """Print for people."""
        console.print()
        console.print(self._model_table())
        console.print(self._money_table())
        console.print(
            f"Ledger: {self.blocks} blocks, {self.transactions} transactions. "
            f"Auditor: {self.evidence_opened} evidence records opened, proof "
            f"{'confirmed' if self.proof_verified else 'NOT confirmed'} offline, flipped byte "
            f"{'refused' if self.flipped_proof_refused else 'NOT refused'}.",
            highlight=False,
        )
        console.print(_pairs("Refused", self.refusals))
        console.print(_pairs("Seconds", self.seconds))

    def _model_table(self) -> Table:
        table = Table(
            title=f"Rows in common: {self.rows_common} "
            f"(bank {self.rows_bank}, partner {self.rows_partner})"
        )
        for name in ("model", "computed by", "AUC", "KS", "seconds"):
            table.add_column(name, justify="left" if name in ("model", "computed by") else "right")
        table.add_row("bank alone", "bank", _4(self.auc_bank_only), _4(self.ks_bank_only), "")
        for flow in self.flows:
            table.add_row(
                f"joint, {flow.protocol}",
                ", ".join(flow.computing),
                _4(flow.auc),
                _4(flow.ks),
                f"{flow.seconds:.1f}",
            )
        table.add_row(
            "joint, plaintext",
            "(for comparison)",
            _4(self.auc_joint_plaintext),
            _4(self.ks_joint_plaintext),
            "",
        )
        return table

    def _money_table(self) -> Table:
        return _pairs("Points", self.balances)


def _4(value: float) -> str:
    return f"{value:.4f}"


def _pairs(title: str, values: dict[str, Any]) -> Table:
    table = Table(title=title, show_header=False)
    for key, value in values.items():
        table.add_row(key.replace("_", " "), str(value))
    return table
