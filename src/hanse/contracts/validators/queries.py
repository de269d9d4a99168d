"""Reading nodes, sets, votes and reports."""

from __future__ import annotations

from hanse.contracts.validators import sets
from hanse.contracts.validators.types import (
    ACCUSATIONS,
    NODES,
    PARAMETERS,
    REPORTS,
    VOTES,
    Accusation,
    NodeRecord,
    ReportRecord,
    SetRecord,
    ValidatorParameters,
    Vote,
)
from hanse.ledger.contract.state import StateReader
from hanse.ledger.validators import Validator


def get_newest_set(state: StateReader) -> SetRecord | None:
    """The set decided last, in force or about to be; None in an embedded network."""
    return sets.newest(state)


def get_set(state: StateReader, height: int) -> SetRecord | None:
    """The set that votes on a block; None in an embedded network."""
    return sets.at(state, height)


def get_node(state: StateReader, did: str) -> NodeRecord | None:
    """A member's registered node, or None."""
    return NODES.get(state, did)


def get_votes(state: StateReader, did: str) -> list[Vote]:
    """Votes on a member's power, expired ones included."""
    record = VOTES.get(state, did)
    return [] if record is None else record.votes


def get_report(
    state: StateReader, offender: str, height: int, kind: str, reporter: str
) -> ReportRecord | None:
    """One report, or None."""
    return REPORTS.get(state, offender, height, kind, reporter)


def get_accusations(state: StateReader, did: str) -> list[Accusation]:
    """Who reports faults of a validator, expired accusations included."""
    record = ACCUSATIONS.get(state, did)
    return [] if record is None else record.accusations


def get_parameters(state: StateReader) -> ValidatorParameters:
    """The rules of the set."""
    return PARAMETERS.get(state) or ValidatorParameters()


class ContractValidators:
    """Which validators vote on a block (the ledger's validator directory)."""

    def validators(self, state: StateReader, height: int) -> tuple[Validator, ...]:
        """The set that votes on block ``height``, sorted by DID; empty when embedded."""
        record = sets.at(state, height)
        return () if record is None else tuple(record.validators)

    def changes(self, state: StateReader, height: int) -> tuple[int, ...]:
        """Heights up to ``height`` from which a newly decided set votes, ascending."""
        return tuple(sets.changes(state, height))
