"""Named errors of reports, calculations and joint SQL."""

from __future__ import annotations

from hanse.compute.errors import Located
from hanse.core.errors import AuthorizationError, InputError, InternalError


class TooManyGroups(Located, InputError):
    """The group columns have more values than the report may have."""

    code = "compute.too_many_groups"
    help = "Group by coarser columns, or agree on a larger limit within the operator's range."


class NoGroups(Located, InputError):
    """No owner's group column has a value that occurs often enough."""

    code = "compute.no_groups"
    help = "Group by coarser columns, or agree on a smaller minimum within the operator's range."


class BadExpression(Located, InputError):
    """An expression or query does not parse, or uses something that is not offered."""

    code = "compute.bad_expression"
    help = "Look at docs/joint-sql.md for the expressions and clauses that are offered."


class ValuesTooLarge(Located, InputError):
    """An operation on shares could leave the range that whole numbers in the ring can carry."""

    code = "compute.values_too_large"
    help = "Scale the columns that are named, or split the expression into smaller ones."


class Undisclosed(Located, AuthorizationError):
    """The query would show a column in a way its disclosure rule forbids."""

    code = "compute.undisclosed"
    help = "Aggregate the column, leave it out, or ask its owner for a wider rule."


class NoiseTooSmall(Located, InternalError):
    """The noise would not give the privacy that was asked for."""

    code = "compute.noise_too_small"
    help = "Report this; nothing was opened."
