"""What one may ask of the points contract."""

from __future__ import annotations

from hanse.contracts.bounds import Did, PositivePoints, Short
from hanse.ledger.contract.contract import Message


class IssuePoints(Message, frozen=True):
    """Create points. Sender: a regulator."""

    to: Did
    amount_points: PositivePoints
    memo: Short = ""


class TransferPoints(Message, frozen=True):
    """Move own free points. Sender: the payer."""

    to: Did
    amount_points: PositivePoints
    memo: Short = ""


class FreezeAccount(Message, frozen=True):
    """Stop an account from spending. Sender: a regulator."""

    account: Did
    reason: Short = ""


class UnfreezeAccount(Message, frozen=True):
    """Let a frozen account spend again. Sender: a regulator."""

    account: Did
    reason: Short = ""
