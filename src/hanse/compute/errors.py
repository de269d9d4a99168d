"""Named errors of computing.

Messages end up on the ledger: they name columns, parties and phases, never values or row counts.
"""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ComputeError, InputError, VerificationError


class Located:
    """Where a task failed: the phase, and the alias of the party to blame ("" when unknown)."""

    phase: str = ""
    blamed: str = ""


class TaskError(Located, ComputeError):
    """A task failed for a reason that lies in running it."""

    code = "compute.task_failed"
    help = "Read the worker's log on the node that reported the failure."

    def __init__(
        self, message: str = "", *, debug: str = "", phase: str = "", blamed: str = ""
    ) -> None:
        super().__init__(message, debug=debug)
        self.phase = phase
        self.blamed = blamed


class UnknownOperator(Located, InputError):
    """No operator by that name and version."""

    code = "compute.unknown_operator"
    help = "List the operators of this node and choose one of them."


class UnknownParameter(Located, InputError):
    """The operator has no such parameter."""

    code = "compute.unknown_parameter"
    help = "Look at the operator's page for its parameters."


class BadParameter(Located, InputError):
    """A parameter is missing, of the wrong type or out of its range."""

    code = "compute.bad_parameter"
    help = "Look at the operator's page for types and ranges."


class RefusedProtocol(Located, InputError):
    """The protocol is not offered for this operator or this number of parties."""

    code = "compute.refused_protocol"
    help = "Three computing parties run ABY3, two run CHEETAH; nothing else is offered."


class BadRoles(Located, InputError):
    """Owners, computers and receivers do not fit the operator."""

    code = "compute.bad_roles"
    help = "Look at the operator's page for the roles it needs."


class NoSuchColumn(Located, InputError):
    """An input table lacks a column that a parameter names."""

    code = "compute.no_such_column"
    help = "Name a column that was granted and is part of the input table."


class AmbiguousColumn(Located, InputError):
    """Several owners hold a column of that name."""

    code = "compute.ambiguous_column"
    help = "Leave the column out of all tables but one."


class BadLabel(Located, InputError):
    """The label has missing values or values other than 0 and 1."""

    code = "compute.bad_label"
    help = "A label column holds 0 and 1 (or false and true) and nothing else."


class OneClassLabel(Located, InputError):
    """All rows have the same label, so there is nothing to learn or to measure."""

    code = "compute.one_class_label"
    help = "Use rows that contain both labels."


class NoCommonRows(Located, InputError):
    """The tables have no key in common."""

    code = "compute.no_common_rows"
    help = "Check that both sides chose the same kind of identifier, type and letter case."


class TooFewRows(Located, InputError):
    """Fewer rows than the operator or its minimum group size allows."""

    code = "compute.too_few_rows"
    help = "Use more rows, or agree on a smaller minimum within the operator's range."


class TooManyScores(Located, InputError):
    """More rows than scores may be opened."""

    code = "compute.too_many_scores"
    help = "Score fewer rows, or raise maximum_rows: it is counted against the model."


class DuplicateKeys(Located, InputError):
    """The same key stands in several rows, so rows cannot be matched one to one."""

    code = "compute.duplicate_keys"
    help = "Remove the repeated rows, or match on further key columns."


class RowsDiffer(Located, InputError):
    """The owners' tables are not aligned: their numbers of rows differ."""

    code = "compute.rows_differ"
    help = "Align the tables first and use its output at every owner."


class NoFeatures(Located, InputError):
    """After preparation no column is left to learn from."""

    code = "compute.no_features"
    help = "Give at least one column that is neither key, label nor constant."


class OutOfRange(Located, InputError):
    """The numbers could leave the range the fixed-point arithmetic can carry."""

    code = "compute.out_of_range"
    help = (
        "Leave out infinite and very large numbers; in a training, use fewer epochs, a smaller "
        "learning rate or more regularisation."
    )


class BadInput(Located, InputError):
    """An input object has the wrong kind or does not belong to this session."""

    code = "compute.bad_input"
    help = "Use the outputs of the steps the operator's page names."


class InputChanged(Located, VerificationError):
    """An input object differs from what the session manifest commits to."""

    code = "compute.input_changed"
    help = "The stored object was altered; import it again."


class CodeDiffers(Located, VerificationError):
    """The session names another version of the computing code than this node runs."""

    code = "compute.code_differs"
    help = "Bring all nodes to the same release."


class NotAParty(Located, AuthorizationError):
    """The session manifest does not name this node in the role it claims."""

    code = "compute.not_a_party"
    help = "Only the parties of a step may run it."


class PeerLost(TaskError):
    """Another party stopped answering."""

    code = "compute.peer_lost"
    retryable = True
    help = "The step is tried again with all parties; look at the node of the party named."

    def __init__(
        self, message: str = "", *, debug: str = "", phase: str = "", blamed: str = ""
    ) -> None:
        if not message:
            message = f"{blamed or 'a party'} stopped answering in phase {phase or 'connect'}"
        super().__init__(message, debug=debug, phase=phase, blamed=blamed)


class LinkFailed(TaskError):
    """The computing link could not be opened or broke."""

    code = "compute.link_failed"
    retryable = True
    help = "Check that the computing ports of all parties can be reached."


class Cancelled(TaskError):
    """The task was stopped on request."""

    code = "compute.cancelled"
    help = "Start the step again if it is still wanted."


class MemoryExceeded(TaskError):
    """The task needed more memory than it was allowed."""

    code = "compute.memory_exceeded"
    help = "Raise the memory limit of tasks in the node's settings, or use fewer rows."


class WorkerCrashed(TaskError):
    """The worker process ended without a result."""

    code = "compute.worker_crashed"
    retryable = True
    help = "Read the worker's log on the node that reported the failure."


class TimedOut(TaskError):
    """The task did not finish before its deadline."""

    code = "compute.timed_out"
    retryable = True
    help = "Give the step a later deadline or fewer rows."


class CheckpointDamaged(TaskError):
    """A checkpoint does not open: it was altered, cut short, or sealed under another key."""

    code = "compute.checkpoint_damaged"
    help = "Nothing: it is logged and left aside, and the step goes on from an earlier one."


class CheckpointNotWritten(TaskError):
    """The disk did not take a checkpoint."""

    code = "compute.checkpoint_not_written"
    help = "Make room in the node's home; the step goes on, but would resume from further back."
