"""Named refusals of the services contract."""

from __future__ import annotations

from hanse.core.errors import (
    AuthorizationError,
    ConflictError,
    InputError,
    NotFoundError,
    RateLimitError,
)


class ServiceNotFound(NotFoundError):
    """No such service."""

    code = "services.service_not_found"
    help = "Check the identifier of the service."


class NotAServiceParty(AuthorizationError):
    """The sender is no party of the service."""

    code = "services.not_a_party"
    help = "Only those who hold a part of what is served, and the receiver, act in a service."


class NotTheReceiver(AuthorizationError):
    """Somebody else receives what the service answers."""

    code = "services.not_the_receiver"
    help = "Only the receiver named in the terms uses a service; offer one of your own to others."


class HoldsNoPart(AuthorizationError):
    """The member holds no part of what is to be served."""

    code = "services.holds_no_part"
    help = "A service is offered by who holds a part, for a receiver its set-up was made for."


class NothingToServe(ConflictError):
    """The step has not completed, or makes nothing that can be served."""

    code = "services.nothing_to_serve"
    help = "Name a completed step that made a model or a set-up for retrieval."


class UnknownPayee(InputError):
    """A price names an alias that is no party, or the receiver itself."""

    code = "services.unknown_payee"
    help = "Give prices for the aliases of the parties that serve."


class AcceptedAlready(ConflictError):
    """The sender has signed these terms."""

    code = "services.accepted_already"
    help = "Wait for the other parties to accept."


class WrongServiceState(ConflictError):
    """The service's state does not allow this step."""

    code = "services.wrong_state"
    help = "Look at the service's state; one that ended is offered anew."


class ServiceSuspendedError(ConflictError):
    """A party suspended the service."""

    code = "services.suspended"
    help = "Ask the party that suspended it; only it can resume the service."


class NotTheSuspender(AuthorizationError):
    """Another party suspended the service."""

    code = "services.not_the_suspender"
    help = "Ask the party that suspended the service to resume it."


class ServiceExpired(ConflictError):
    """The period of the service is over."""

    code = "services.expired"
    help = "Offer a service with a later end."


class ServiceUsedUp(ConflictError):
    """No use of the service is left."""

    code = "services.used_up"
    help = "All uses of the terms are reserved; offer a new service with more."


class RateExceeded(RateLimitError):
    """More uses than the terms allow in a window."""

    code = "services.rate_exceeded"
    help = "Wait until the window of the rate is over, or reserve fewer uses."


class MoreThanReserved(ConflictError):
    """More uses than were reserved."""

    code = "services.more_than_reserved"
    help = "The receiver reserves uses on the ledger before it makes them."


class FewerThanRecorded(ConflictError):
    """Fewer uses than the same party recorded before."""

    code = "services.fewer_than_recorded"
    help = "Counts never go back; record the present total."


class ModelRetiredError(ConflictError):
    """The model was retired."""

    code = "services.model_retired"
    help = "Use a newer version of the model; retiring cannot be undone."
