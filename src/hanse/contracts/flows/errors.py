"""Named refusals of the flows contract."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ConflictError, InputError, NotFoundError


class FlowNotFound(NotFoundError):
    """No such flow."""

    code = "flows.flow_not_found"
    help = "Check the identifier of the flow."


class StepNotFound(NotFoundError):
    """The flow has no such step."""

    code = "flows.step_not_found"
    help = "Name a step of the deployed flow."


class NotAParty(AuthorizationError):
    """The sender takes no part in the flow or step."""

    code = "flows.not_a_party"
    help = "Only parties act in a flow, and only those of a step confirm and report it."


class NotTheInitiator(AuthorizationError):
    """Only the initiator may do this."""

    code = "flows.not_the_initiator"
    help = "Ask the initiator; any party may terminate the flow."


class DuplicateParty(InputError):
    """Two aliases name one member."""

    code = "flows.duplicate_party"
    help = "Give every member one alias."


class UnknownAlias(InputError):
    """A step, data use or fee names an alias that is no party."""

    code = "flows.unknown_alias"
    help = "Declare every party under parties, and name it once per list."


class DuplicateStep(InputError):
    """Two steps carry the same id, or a step is named like a data use."""

    code = "flows.duplicate_step"
    help = "Give every step and data use a name of its own."


class UnknownInput(InputError):
    """An input refers to nothing."""

    code = "flows.unknown_input"
    help = "Refer to a data use by its name or to an output as step.port."


class CyclicSteps(InputError):
    """Steps wait for each other."""

    code = "flows.cyclic_steps"
    help = "The inputs of steps must form a graph without cycles."


class UnusedData(InputError):
    """A data use is the input of no step."""

    code = "flows.unused_data"
    help = "Remove the data use, or use it; a grant is not spent for nothing."


class OwnerMissing(InputError):
    """A step reads data whose owner takes no part in it."""

    code = "flows.owner_missing"
    help = "List the owner of every data input among the step's owners."


class NotAnOwner(InputError):
    """A step lists an owner that holds none of its inputs."""

    code = "flows.not_an_owner"
    help = "Owners of a step own data it descends from, or opened a result it descends from."


class WrongComputes(InputError):
    """The protocol needs other compute parties."""

    code = "flows.wrong_computes"
    help = (
        "aby3 needs three compute nodes, cheetah two; rr22 runs between two owners, plain at one."
    )


class SameController(AuthorizationError):
    """Two compute nodes of a step are under one controller."""

    code = "flows.same_controller"
    help = "Choose compute nodes of different organisations; together they could see the data."


class NotAComputeProvider(AuthorizationError):
    """A compute node is neither compute provider nor data owner nor initiator."""

    code = "flows.not_a_compute_provider"
    help = "Choose compute nodes with the role compute_provider."


class BadEpsilon(InputError):
    """A step's epsilon is no number."""

    code = "flows.bad_epsilon"
    help = "Give epsilon as a decimal number from 0 to below 100000, such as 0.5."


class FeeWithoutWork(InputError):
    """A fee goes to a party that computes nothing."""

    code = "flows.fee_without_work"
    help = "Fees go to compute parties of at least one step."


class WrongOwner(InputError):
    """The dataset belongs to another member than the data use says."""

    code = "flows.wrong_owner"
    help = "Name the dataset's owner as in the catalogue."


class UnknownField(InputError):
    """The dataset has no such field."""

    code = "flows.unknown_field"
    help = "Name fields of the dataset's entry, each once."


class GrantMissing(AuthorizationError):
    """Data of another owner is used without a grant."""

    code = "flows.grant_missing"
    help = "Apply for a grant on the dataset and name it in the flow."


class ModelNotFound(ConflictError):
    """No completed step of a completed flow made that model."""

    code = "flows.model_not_found"
    help = "Name flow, step and output of a model, as models.list shows them; the flow completed."


class ModelNotReadable(InputError):
    """A step reads a model of an earlier flow that its operator does not read."""

    code = "flows.model_not_readable"
    help = "Models of earlier flows are read by predict; train and evaluate in one flow."


class ModelHolderMissing(InputError):
    """Who holds a part of the model does not take part in the step that reads it."""

    code = "flows.model_holder_missing"
    help = "Let the party named take part in the same role as in the flow that made the model."


class ModelHeldOtherwise(InputError):
    """The step has other owners, computing nodes or another protocol than the model."""

    code = "flows.model_held_otherwise"
    help = "Use the parties, aliases, roles and protocol of the flow that made the model."


class ScoresNotLimited(InputError):
    """A step reads a model of an earlier flow and does not say how many scores it opens."""

    code = "flows.scores_not_limited"
    help = "Set the step's parameter maximum_rows: scores are counted, for they tell of the model."


class ModelGrantMissing(AuthorizationError):
    """The model descends from data of another owner, and no grant of it is named."""

    code = "flows.model_grant_missing"
    help = "Name under grants of the model a grant of that dataset that allows predict."


class GrantForOwnData(InputError):
    """A grant is named for the initiator's own data."""

    code = "flows.grant_for_own_data"
    help = "Leave the grant out; your own data needs none."


class ProtocolNotAllowed(AuthorizationError):
    """The levels of the inputs do not allow the protocol."""

    code = "flows.protocol_not_allowed"
    help = "Choose a protocol the network allows for the highest level among the inputs."


class FlowEnded(ConflictError):
    """The flow is completed or terminated."""

    code = "flows.flow_ended"
    help = "Deploy the flow again; that takes a new use of its grants."


class FlowSuspendedError(ConflictError):
    """The flow is suspended."""

    code = "flows.flow_suspended"
    help = "Wait until the initiator resumes the flow."


class NotSuspended(ConflictError):
    """The flow is not suspended."""

    code = "flows.not_suspended"
    help = "Only a suspended flow is resumed."


class StepNotRequested(ConflictError):
    """The step waits for its inputs."""

    code = "flows.step_not_requested"
    help = "Wait for the event StepRequested."


class StaleAttempt(ConflictError):
    """The attempt is over; a newer one may be running."""

    code = "flows.stale_attempt"
    help = "Follow the newest StepRequested event; nothing was changed."


class UnknownAttempt(ConflictError):
    """No such attempt has been requested yet."""

    code = "flows.unknown_attempt"
    help = "Use the attempt number of the newest StepRequested event."


class ManifestMismatch(ConflictError):
    """The parties confirmed different manifests."""

    code = "flows.manifest_mismatch"
    help = "Agree on one session manifest before confirming it."


class StepNotStarted(ConflictError):
    """Not every party has confirmed the session."""

    code = "flows.step_not_started"
    help = "Wait for the event StepStarted before reporting an outcome."


class OutcomeDiffers(ConflictError):
    """The party has reported another outcome of this attempt."""

    code = "flows.outcome_differs"
    help = "An outcome is reported once per attempt and never changed."


class UnknownBlamed(InputError):
    """The blamed member takes no part in the step."""

    code = "flows.unknown_blamed"
    help = "Blame a party of the step, or nobody."


class DeadlinePassed(ConflictError):
    """Parties did not act before the deadline."""

    code = "flows.deadline_passed"
    help = "Look at the parties blamed; raise the deadline if the work takes longer."


class TerminatedByParty(ConflictError):
    """A party terminated the flow."""

    code = "flows.terminated_by_party"
    help = "Ask the party why; its reason is on the ledger."


class AlgorithmMissing(InputError):
    """A step runs a member's algorithm but does not name it and its fingerprint."""

    code = "flows.algorithm_missing"
    help = "Name the algorithm as name@version; the compiler fills its fingerprint in."
