"""Named errors of the engine. Those a party reports stand on the ledger, so no data in them."""

from __future__ import annotations

from hanse.core.errors import (
    AuthorizationError,
    ComputeError,
    ConflictError,
    InputError,
    InternalError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)


class JournalDamaged(InternalError):
    """The work journal cannot be read, or belongs to another network."""

    code = "collaboration.journal_damaged"
    help = "Restore the journal from a backup, or remove it: running steps are tried again."


class NoFreePort(UnavailableError):
    """Every port of the declared range is in use."""

    code = "collaboration.no_free_port"
    help = "Widen the range of compute ports in the settings, or wait for tasks to end."


class MemoryNeeded(InputError):
    """A worker of the step would need more memory than the node lends to tasks."""

    code = "collaboration.memory_needed"
    help = "Raise compute.memory_mib at the node that refused, or enter fewer rows or columns."


class NodeRestarted(ComputeError):
    """The node went down while its worker ran; the worker's result is lost."""

    code = "collaboration.node_restarted"
    retryable = True
    help = "Nothing to do: the step is tried again by all parties."


class DataNotHere(NotFoundError):
    """This node was asked for a part of an input that it does not hold."""

    code = "collaboration.data_not_here"
    help = "The dataset or an earlier result was removed from this node; publish or run it again."


class CommitmentMismatch(VerificationError):
    """A part of an input is not the one the ledger commits to."""

    code = "collaboration.commitment_mismatch"
    help = "The party named offered other data than it registered; do not go on with it."


class BadOffer(VerificationError):
    """A session offer is malformed or does not fit the step."""

    code = "collaboration.bad_offer"
    help = "Bring the node of the party named to the same release."


class OfferConflict(ConflictError):
    """A party sent a second, different offer after the first was relied upon."""

    code = "collaboration.offer_conflict"
    help = "Nothing to do: the attempt fails and all parties start again together."


class NotYourOffer(AuthorizationError):
    """The sender of an offer is not the party it speaks for."""

    code = "collaboration.not_your_offer"
    help = "Only the organisation behind the alias may offer for it."


class ReleaseDiffers(InputError):
    """The parties run different releases of the computing code."""

    code = "collaboration.release_differs"
    help = "Bring all nodes of the flow to the same release."


class OperatorNotAllowed(AuthorizationError):
    """This node's policy does not allow the operator."""

    code = "collaboration.operator_not_allowed"
    help = "Ask the node's administrator to allow the operator, or use another."


class PartyNotAccepted(AuthorizationError):
    """This node does not compute for that organisation."""

    code = "collaboration.party_not_accepted"
    help = "Ask the organisation that refused to accept flows of yours."


class GrantNotConfirmed(AuthorizationError):
    """The owner's node does not find the grant in force for this use of its data."""

    code = "collaboration.grant_not_confirmed"
    help = "Look at the grant: it must be final, in force, yours, and name fields and operator."


class ResultNotFound(NotFoundError):
    """No such result is held at this node."""

    code = "collaboration.result_not_found"
    help = "Results are held by the parties that may open them, once the step is completed."


class ResultNotReadable(AuthorizationError):
    """The result is a part this node keeps for later steps, not one opened to it."""

    code = "collaboration.result_not_readable"
    help = "Only receivers of a step open its result."


class FlowStillRuns(ConflictError):
    """The flow has not ended."""

    code = "collaboration.flow_still_runs"
    help = "Terminate the flow or wait for its end."


class ModelInUse(ConflictError):
    """A flow that has not ended reads a model of this one."""

    code = "collaboration.model_in_use"
    help = "Wait for the end of the flow named, or terminate it."


class NotReady(UnavailableError):
    """This node has not yet seen the step an offer is for."""

    code = "collaboration.not_ready"
    help = "Send the offer again in a moment."


class Unexpected(InternalError):
    """The engine met a fault of its own; details are in the node's log, not on the ledger."""

    code = "collaboration.unexpected"
    help = "Look into the log of the node that reported this."
