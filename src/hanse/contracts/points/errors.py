"""Named refusals of the points contract."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ConflictError, InputError, NotFoundError


class InsufficientPoints(ConflictError):
    """The account holds fewer free points than needed."""

    code = "points.insufficient"
    help = "Ask the regulator for points or lower the amount; held points cannot be spent."


class AccountFrozenError(AuthorizationError):
    """The account may not spend."""

    code = "points.account_frozen"
    help = "Ask the regulator why the account is frozen."


class SelfTransfer(InputError):
    """Payer and payee are the same."""

    code = "points.self_transfer"
    help = "Name another member as the payee."


class SupplyExceeded(ConflictError):
    """The supply would pass its limit."""

    code = "points.supply_exceeded"
    help = "At most 10^15 points of the minor unit can exist."


class FreezeUnchanged(ConflictError):
    """The account is frozen, or is not frozen, already."""

    code = "points.freeze_unchanged"
    help = "Look at the account; nothing needs to be done."


class EscrowExists(ConflictError):
    """An escrow by that name exists."""

    code = "points.escrow_exists"
    help = "Every escrow is opened once."


class EscrowNotFound(NotFoundError):
    """No escrow by that name."""

    code = "points.escrow_not_found"
    help = "Check the identifier of the escrow."


class EscrowClosed(ConflictError):
    """The escrow was settled or refunded."""

    code = "points.escrow_closed"
    help = "An escrow pays out once."


class EscrowOverdrawn(ConflictError):
    """A payment exceeds what the escrow still holds."""

    code = "points.escrow_overdrawn"
    help = "Payments of an escrow sum up to its amount at most."


class NotThePayer(AuthorizationError):
    """Somebody else's points."""

    code = "points.not_the_payer"
    help = "Only the sender's own points can be set aside."
