"""Records of the points contract. Points are integers of the minor unit."""

from __future__ import annotations

from typing import Literal

import msgspec

from hanse.contracts.bounds import Did, Points
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

EscrowState = Literal["OPEN", "SETTLED", "REFUNDED"]


class AccountRecord(Record, frozen=True):
    """One member's points: free, held in escrow, and whether spending is frozen."""

    balance_points: int = 0
    held_points: int = 0
    frozen: bool = False


class SupplyRecord(Record, frozen=True):
    """All points ever issued."""

    issued_points: int = 0


class EscrowRecord(Record, frozen=True):
    """Points of one payer set aside for one purpose; leaves once, by payment or refund."""

    payer: str
    amount_points: int
    paid_points: int = 0
    refunded_points: int = 0
    state: EscrowState = "OPEN"


class Allocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points that exist from the start of the chain."""

    to: Did
    amount_points: Points


class PointsGenesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the contract starts with."""

    allocations: list[Allocation] = msgspec.field(default_factory=list)


ACCOUNTS = Collection("points", "account", AccountRecord)
ESCROWS = Collection("points", "escrow", EscrowRecord)
SUPPLY = Collection("points", "supply", SupplyRecord)
