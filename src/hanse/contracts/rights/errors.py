"""Named refusals of the rights contract."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ConflictError, InputError, NotFoundError


class GrantNotFound(NotFoundError):
    """No such grant."""

    code = "rights.grant_not_found"
    help = "Check the identifier of the grant, or apply for one."


class GrantNotYours(AuthorizationError):
    """The grant was given to, or is given by, somebody else."""

    code = "rights.grant_not_yours"
    help = "Only the consumer uses a grant, only its owner decides on it."


class GrantNotFinal(ConflictError):
    """The negotiation of the grant is not finished."""

    code = "rights.grant_not_final"
    help = "Wait for the owner to agree, then verify the grant."


class GrantFinal(ConflictError):
    """The grant is final or was terminated."""

    code = "rights.grant_final"
    help = "A final grant is revoked, not terminated; a terminated one is over."


class WrongGrantState(ConflictError):
    """The grant's state does not allow this step."""

    code = "rights.wrong_grant_state"
    help = "Look at the grant's state and do the step that follows it."


class GrantUsedUp(ConflictError):
    """No use of the grant is left."""

    code = "rights.grant_used_up"
    help = "Apply for another grant, or wait for a running flow to release its use."


class GrantRevokedError(ConflictError):
    """The owner revoked the grant."""

    code = "rights.grant_revoked"
    help = "Ask the owner why, and apply for another grant."


class GrantExpired(ConflictError):
    """The period of the grant is over."""

    code = "rights.grant_expired"
    help = "Apply for a grant with a later end."


class DatasetNotGranted(AuthorizationError):
    """The grant is for another dataset."""

    code = "rights.dataset_not_granted"
    help = "Name the grant that was given for this dataset."


class PurposeNotGranted(AuthorizationError):
    """The grant is for another purpose."""

    code = "rights.purpose_not_granted"
    help = "State the purpose the grant names, or apply for this one."


class FieldNotGranted(AuthorizationError):
    """The grant does not cover a field."""

    code = "rights.field_not_granted"
    help = "Leave the field out, or apply for a grant that names it."


class OperatorNotGranted(AuthorizationError):
    """The grant does not cover an operator that would touch the data."""

    code = "rights.operator_not_granted"
    help = "Leave the step out, or apply for a grant that names its operator."


class ReceiverNotGranted(AuthorizationError):
    """Somebody the grant does not name would open a result."""

    code = "rights.receiver_not_granted"
    help = "Let only the grant's consumer and named receivers open results."


class OwnDataset(InputError):
    """A grant on one's own dataset."""

    code = "rights.own_dataset"
    help = "Your own data needs no grant."


class NotAllowedByOwner(AuthorizationError):
    """The owner's rules for the dataset exclude what was asked."""

    code = "rights.not_allowed_by_owner"
    help = "Read the operators and purposes that the dataset's entry allows."


class UnknownField(InputError):
    """The dataset has no such field."""

    code = "rights.unknown_field"
    help = "Name fields of the dataset's entry, each once."


class DuplicateTerm(InputError):
    """A field, operator or receiver is named twice."""

    code = "rights.duplicate_term"
    help = "Name every field, operator and receiver once."


class RightNotHeld(AuthorizationError):
    """The sender does not hold the right."""

    code = "rights.right_not_held"
    help = "Only who holds a right transfers it; only the holder of processing grants uses."


class RightsExist(ConflictError):
    """The rights of the dataset are on record already."""

    code = "rights.registered_already"
    help = "Rights are registered once and then transferred."


class RightToSelf(InputError):
    """A right was to be transferred to its holder."""

    code = "rights.transfer_to_self"
    help = "Name another member."


class NotYourDataset(AuthorizationError):
    """The dataset belongs to somebody else."""

    code = "rights.not_your_dataset"
    help = "Only a dataset's owner registers its rights."
