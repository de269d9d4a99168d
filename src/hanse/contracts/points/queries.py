"""Reading points state."""

from __future__ import annotations

from hanse.contracts.points.types import (
    ACCOUNTS,
    ESCROWS,
    SUPPLY,
    AccountRecord,
    EscrowRecord,
    SupplyRecord,
)
from hanse.ledger.contract.state import StateReader


def get_account(state: StateReader, did: str) -> AccountRecord:
    """The account; one that never moved is empty."""
    return ACCOUNTS.get(state, did) or AccountRecord()


def get_escrow(state: StateReader, escrow: str) -> EscrowRecord | None:
    """The escrow, or None."""
    return ESCROWS.get(state, escrow)


def get_supply(state: StateReader) -> SupplyRecord:
    """All points ever issued."""
    return SUPPLY.get(state) or SupplyRecord()
