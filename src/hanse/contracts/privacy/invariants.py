"""What always holds of budgets; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.privacy.queries import get_budget, get_releases
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class PrivacyBroken(InternalError):
    """A privacy invariant does not hold."""

    code = "privacy.invariant"


def check_budget(state: StateReader, dataset: str) -> None:
    """No more is spent than the total, and every millionth by a release on record."""
    budget = get_budget(state, dataset)
    if budget is None:
        return
    if not 0 <= budget.spent_millionths <= budget.total_millionths:
        raise PrivacyBroken("more was spent than the budget holds")
    releases = get_releases(state, dataset)
    if len(releases) != budget.releases:
        raise PrivacyBroken("a release is not on record")
    if sum(release.millionths for release in releases) != budget.spent_millionths:
        raise PrivacyBroken("what was spent is not what the releases on record spent")
    attempts = [(release.flow, release.step, release.attempt) for release in releases]
    if len(dict.fromkeys(attempts)) != len(attempts):
        raise PrivacyBroken("an attempt was charged twice")
