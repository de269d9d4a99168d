"""What one may ask of the privacy contract."""

from __future__ import annotations

from hanse.contracts.bounds import Identifier, Short
from hanse.contracts.privacy.types import Millionths
from hanse.ledger.contract.contract import Message


class SetBudget(Message, frozen=True):
    """Give a dataset a budget, raise or lower it. Sender: the dataset's owner."""

    dataset: Identifier
    total_millionths: Millionths


class EndBudget(Message, frozen=True):
    """Do without a budget: noise is no longer demanded. Sender: the dataset's owner."""

    dataset: Identifier
    reason: Short = ""
