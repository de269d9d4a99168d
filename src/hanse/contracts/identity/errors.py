"""Named refusals of the identity contract."""

from __future__ import annotations

from hanse.core.errors import (
    AuthorizationError,
    ConflictError,
    InputError,
    NotFoundError,
    VerificationError,
)


class MemberNotFound(NotFoundError):
    """No member by that DID."""

    code = "identity.member_not_found"
    help = "The DID is not registered in this network; ask the operator for admission."


class MemberExists(ConflictError):
    """The DID is registered already."""

    code = "identity.member_exists"
    help = "A DID is registered once; use UpdateDocument or SetMemberRoles to change it."


class MemberSuspendedError(AuthorizationError):
    """The member is suspended."""

    code = "identity.member_suspended"
    help = "A suspended member may not act; ask the operator to reinstate it."


class MemberRemovedError(AuthorizationError):
    """The member was removed or its DID deactivated."""

    code = "identity.member_removed"
    help = "A removed member cannot come back under the same DID."


class RoleRequired(AuthorizationError):
    """The sender lacks the role this action needs."""

    code = "identity.role_required"
    help = "Act with a member that holds the role named, or ask the operator for it."


class NotYourDid(AuthorizationError):
    """A document or DID of somebody else."""

    code = "identity.not_your_did"
    help = "A DID changes its own document only."


class NotYourself(ConflictError):
    """An operator tried to take away its own powers."""

    code = "identity.operator_needed"
    help = "Another operator has to do this, so that the network keeps one."


class ProofInvalid(VerificationError):
    """The proof of possession does not hold."""

    code = "identity.proof_invalid"
    help = "Sign the canonical object named in the message with the key it registers."


class SigningKeysFixed(InputError):
    """UpdateDocument tried to change keys that sign."""

    code = "identity.signing_keys_fixed"
    help = "Change signing keys with RotateKey, which proves possession of the new key."


class NoSuchKey(NotFoundError):
    """The DID has no such signing key."""

    code = "identity.no_such_key"
    help = "Name a key of the current document that is for signing."


class KeyReused(ConflictError):
    """The new key has been used by this DID before."""

    code = "identity.key_reused"
    help = "Rotate to a freshly generated key."


class WrongMemberState(ConflictError):
    """The member's state forbids the step."""

    code = "identity.wrong_member_state"
    help = "Look up the member's state: only suspended members are reinstated."


class NotAnIssuer(AuthorizationError):
    """The sender is neither operator nor accredited issuer."""

    code = "identity.not_an_issuer"
    help = "Ask the operator for accreditation."


class StatusListNotFound(NotFoundError):
    """No such status list."""

    code = "identity.status_list_not_found"
    help = "Check the identifier of the status list."


class NotYourStatusList(AuthorizationError):
    """The status list belongs to another issuer."""

    code = "identity.not_your_status_list"
    help = "Only the issuer of a status list sets its bits."


class StatusIndexOutOfRange(InputError):
    """The index lies beyond the list."""

    code = "identity.status_index_out_of_range"
    help = "Use an index below the size of the list."


class RevocationIsFinal(ConflictError):
    """A revocation bit cannot be cleared."""

    code = "identity.revocation_is_final"
    help = "Issue a new credential; use a suspension list for what may be lifted."


class DuplicateRoles(InputError):
    """A role is named twice."""

    code = "identity.duplicate_roles"
    help = "Name each role once."
