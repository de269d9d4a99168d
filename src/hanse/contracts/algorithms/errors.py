"""Named refusals of the algorithms contract."""

from __future__ import annotations

from hanse.core.errors import (
    AuthorizationError,
    ConflictError,
    InputError,
    NotFoundError,
    VerificationError,
)


class AlgorithmNotFound(NotFoundError):
    """No such algorithm, or not in that version."""

    code = "algorithms.not_found"
    help = "List the algorithms of the network and name one as name@version."


class AlgorithmExists(ConflictError):
    """The version was published before."""

    code = "algorithms.published_already"
    help = "Raise the version in the manifest: what was published never changes."


class NameTaken(AuthorizationError):
    """The name belongs to another author."""

    code = "algorithms.name_taken"
    help = "Choose another name."


class AlgorithmWithdrawnError(ConflictError):
    """The author took the version back."""

    code = "algorithms.withdrawn"
    help = "Look for a later version, or ask the author why."


class NotYourAlgorithm(AuthorizationError):
    """Somebody else published it."""

    code = "algorithms.not_yours"
    help = "Only its author withdraws an algorithm."


class OtherFingerprint(VerificationError):
    """Another fingerprint is on record for that version."""

    code = "algorithms.other_fingerprint"
    help = "Fetch the package again and look at what you reviewed."


class NotApproved(AuthorizationError):
    """A party of the step has not approved the algorithm."""

    code = "algorithms.not_approved"
    help = "Ask the party named to review and approve it: hanse algorithms approve."


class LevelNotAllowed(AuthorizationError):
    """The manifest does not allow data of that level."""

    code = "algorithms.level_not_allowed"
    help = "Use data of a level that the algorithm's manifest names."


class RepeatedLevel(InputError):
    """A level is named twice."""

    code = "algorithms.repeated_level"
    help = "Name every level once."
