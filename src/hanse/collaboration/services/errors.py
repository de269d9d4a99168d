"""Named errors of services at a node."""

from __future__ import annotations

from hanse.core.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)


class BadTicket(VerificationError):
    """A ticket is malformed, of another service, or not signed by its receiver."""

    code = "collaboration.bad_ticket"
    help = "Tickets are made by the receiver's node; do not go on with one that was altered."


class TicketStale(ConflictError):
    """A ticket counts uses that were counted already."""

    code = "collaboration.ticket_stale"
    help = "Counts only grow. A receiver's node restored from a backup needs a new service."


class BadReceipt(VerificationError):
    """A receipt does not fit its ticket, or is not signed by its party."""

    code = "collaboration.bad_receipt"
    help = "The party named answered with a receipt that does not hold; tell its operator."


class BadServiceOffer(VerificationError):
    """A party's offer to open a service does not hold."""

    code = "collaboration.bad_service_offer"
    help = "The party named offers other links, another certificate or another release."


class ServiceNotReady(UnavailableError):
    """A node does not know the service yet, or not in this state."""

    code = "collaboration.service_not_ready"
    help = "Nothing to do: it is asked again."


class ServiceUnreachable(UnavailableError):
    """A service could not be opened: parties did not answer in time."""

    code = "collaboration.service_unreachable"
    help = "See that the nodes of the parties named run and have accepted the service; try again."


class ServiceTimedOut(UnavailableError):
    """A round was not answered in time; the service is opened anew for the next."""

    code = "collaboration.service_timed_out"
    help = "Try again; if it stays, look at the other parties' nodes."


class ServiceBroke(UnavailableError):
    """A party's worker ended while it was asked."""

    code = "collaboration.service_broke"
    help = "Try again: the service is opened anew. The message has the party, if it is known."


class WrongKind(InputError):
    """The service is of the other kind."""

    code = "collaboration.wrong_service_kind"
    help = "Predict with a service of predictions, retrieve with one of retrieval."


class TableNeeded(InputError):
    """A party with columns in the model must bind a table of features."""

    code = "collaboration.table_needed"
    help = "Name a table of this node that has key columns and the model's columns: --table."


class ModelNotFound(NotFoundError):
    """This node holds no part of such a model."""

    code = "collaboration.model_not_found"
    help = "List the models this node has a part of: hanse models list."
