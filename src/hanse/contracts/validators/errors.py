"""Named refusals of the validators contract."""

from __future__ import annotations

from hanse.core.errors import (
    AuthorizationError,
    ConflictError,
    InputError,
    NotFoundError,
    VerificationError,
)


class NoValidators(ConflictError):
    """Blocks of this network are made by the embedded engine."""

    code = "validators.embedded"
    help = "This network has one orderer and no validators; that was chosen at genesis."


class NodeNotRegistered(NotFoundError):
    """The member has no registered node."""

    code = "validators.node_not_registered"
    help = "Register the member's node first; power is given to registered nodes only."


class NodeRegisteredAlready(ConflictError):
    """The member has a node already."""

    code = "validators.node_registered_already"
    help = "Update the node or replace its keys; a member has one node on the ledger."


class NodeVotes(ConflictError):
    """The node is a validator, or still is for the next blocks."""

    code = "validators.node_votes"
    help = "Have its power voted to 0 and wait two blocks."


class KeyTaken(ConflictError):
    """The key belongs to another member or serves another use."""

    code = "validators.key_taken"
    help = "Generate a fresh key; a key belongs to one member and one use only."


class KeysUnchanged(InputError):
    """Neither key differs from the registered one."""

    code = "validators.keys_unchanged"
    help = "Give at least one new key."


class KeyProofInvalid(VerificationError):
    """The proof of possession does not hold."""

    code = "validators.key_proof_invalid"
    help = "Sign the key's statement for this chain and member with the key itself."


class NotAValidator(AuthorizationError):
    """Only validators may do this, or it may be done to validators only."""

    code = "validators.not_a_validator"
    help = "Look at the set of validators; its members vote and are reported on."


class TooFewValidators(ConflictError):
    """The set would become smaller than the network allows."""

    code = "validators.too_few"
    help = "Add another validator first; the set never falls below its minimum."


class TooManyValidators(ConflictError):
    """The set would become larger than a hundred."""

    code = "validators.too_many"
    help = "Remove a validator first."


class TooMuchPower(InputError):
    """The powers of the set would add up to more than 2^53 - 1."""

    code = "validators.too_much_power"
    help = "Choose a smaller power; only the ratio to the others counts."


class BadPresetValidators(InputError):
    """The genesis names a validator or key twice, or too few validators."""

    code = "validators.bad_preset"
    help = "Name every organisation and every key once."


class OwnFault(InputError):
    """A validator reported itself."""

    code = "validators.own_fault"
    help = "Have your power voted to 0, or stop your node."


class FaultInFuture(InputError):
    """The reported height has not been reached."""

    code = "validators.fault_in_future"
    help = "Report a fault of this height or an earlier one."


class ReportedAlready(ConflictError):
    """The sender reported this fault before."""

    code = "validators.reported_already"
    help = "One report per offender, height and kind is enough."


class NoContradiction(VerificationError):
    """The two statements do not contradict each other."""

    code = "validators.no_contradiction"
    help = "Show two different statements of one height of this chain by one validator."
