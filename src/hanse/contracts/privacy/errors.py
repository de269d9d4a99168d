"""Named refusals of the privacy contract."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ConflictError, NotFoundError


class BudgetNotFound(NotFoundError):
    """The dataset has no privacy budget."""

    code = "privacy.budget_not_found"
    help = "Check the identifier of the dataset; its owner gives it a budget."


class NotTheOwner(AuthorizationError):
    """Only the dataset's owner decides about its budget."""

    code = "privacy.not_the_owner"
    help = "Ask the dataset's owner."


class BelowSpent(ConflictError):
    """More was spent than the new total."""

    code = "privacy.below_spent"
    help = "Name at least what was spent; a release cannot be taken back."


class BudgetEnded(ConflictError):
    """The budget was ended."""

    code = "privacy.budget_ended"
    help = "Set a budget again; what was spent before still counts."


class BudgetSpent(ConflictError):
    """What is left of a dataset's budget does not pay for the release."""

    code = "privacy.budget_spent"
    help = "Ask for less epsilon, or ask the dataset's owner to raise its budget."


class NoiseRequired(AuthorizationError):
    """A dataset with a privacy budget would reach a receiver without noise."""

    code = "privacy.noise_required"
    help = (
        "Use an operator that takes epsilon, such as private_report, for every result; "
        "services answer without noise and cannot be used."
    )
