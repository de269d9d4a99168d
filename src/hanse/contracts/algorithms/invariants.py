"""What always holds of algorithms; tests check it after every step."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.contracts.algorithms.queries import get_algorithm, get_approval
from hanse.contracts.algorithms.types import NAMES
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class AlgorithmsBroken(InternalError):
    """An invariant of the algorithms contract does not hold."""

    code = "algorithms.invariant"


def check_algorithm(state: StateReader, algorithm: str, parties: Iterable[str]) -> None:
    """A version stands under its own id, its name is its author's, approvals are of it.

    Args:
        parties: DIDs that may have approved it.
    """
    record = get_algorithm(state, algorithm)
    if record is None or record.id != algorithm or algorithm != f"{record.name}@{record.version}":
        raise AlgorithmsBroken("a version stands under its own id")
    name = NAMES.get(state, record.name)
    if name is None or name.author != record.author:
        raise AlgorithmsBroken("a name belongs to the author of all its versions")
    for party in parties:
        approval = get_approval(state, algorithm, party)
        if approval is not None and approval.fingerprint != record.fingerprint:
            raise AlgorithmsBroken("an approval is of the fingerprint on record")
