"""Reading changes of validators and trusted headers out of what a node has stored."""

from __future__ import annotations

from hanse.ledger.certificates import Certificate, decode_certificate
from hanse.ledger.errors import HandoverMissing
from hanse.ledger.light.changes import ValidatorChange
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.pruning import hands_over
from hanse.ledger.storage.store import Snapshot
from hanse.ledger.validators import ACTIVATION_DELAY, ValidatorDirectory


def handovers(
    directory: ValidatorDirectory, snapshot: Snapshot, since: int, height: int
) -> list[ValidatorChange]:
    """The changes that lead from one block's certifiers to another's.

    Block H is certified by the set that votes on H + 1, and its statement names the set that
    votes on H + 2. So a set that votes from F on was handed over to at block F - 2.

    Args:
        directory: who votes when.
        snapshot: state and certificates.
        since: height of the block whose certifiers are known, 0 for the genesis'.
        height: of the block whose certifiers are wanted.

    Raises:
        HandoverMissing: when the certificate of a change is not kept here.
    """
    found = []
    for from_height in directory.changes(snapshot, height + 1):
        handover = from_height - ACTIVATION_DELAY
        before = directory.validators(snapshot, from_height - 1)
        after = directory.validators(snapshot, from_height)
        if handover >= since and before != after:
            found.append(ValidatorChange(_certificate(snapshot, handover), list(after)))
    return found


def kept_handovers(
    directory: ValidatorDirectory | None, snapshot: Snapshot, height: int
) -> list[Certificate]:
    """The certificates kept here by which validators handed over below a block.

    A snapshot carries them to the node that begins with it.
    """
    if directory is None:
        return []
    heights = [at - ACTIVATION_DELAY for at in directory.changes(snapshot, height + 1)]
    found = [snapshot.certificate(handover) for handover in heights if handover < height]
    certificates = [decode_certificate(data) for data in found if data is not None]
    return [certificate for certificate in certificates if hands_over(certificate)]


def checkpoint_at(
    directory: ValidatorDirectory, snapshot: Snapshot, certificate: Certificate
) -> Checkpoint:
    """A certified header as something to trust."""
    statement = certificate.statement
    signers = directory.validators(snapshot, statement.height + 1)
    return Checkpoint(
        chain=statement.chain,
        height=statement.height,
        header=statement.header,
        validators=list(signers),
    )


def _certificate(snapshot: Snapshot, height: int) -> Certificate:
    data = snapshot.certificate(height)
    if data is None:
        raise HandoverMissing(f"the certificate of block {height} is not kept here")
    return decode_certificate(data)
