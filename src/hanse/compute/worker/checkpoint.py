"""Going on from the last checkpoint that all keepers have, and writing new ones.

Shares are put together only when all keepers wrote them in the same session at the same number:
a second run of an epoch has other shares of the same values. What is random about a run (the
order of the rows, first weights, rows drawn for a tree) is fixed by parameters, so that a resumed
run is the run that was interrupted.

**Leaks**: the keepers tell everybody which numbers they have. A share that is used again is the
one its node has seen already, and everything computed from it afterwards is masked anew: nobody
learns anything it would not have learnt without the interruption.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput, CheckpointNotWritten
from hanse.compute.worker.checkpoint_files import CheckpointFiles, Mark, Saved
from hanse.core import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.compute.engines.link import Link
    from hanse.compute.worker.manifest import Hashing, SessionManifest

EVERY = "checkpoint_every"
log = logging.getLogger("hanse.worker")


class Checkpoint:
    """One party's side of the checkpoints of a step.

    Args:
        manifest: of this session.
        scope: see `scope_of`.
        files: where they are kept; None keeps none.
        told: called with the number that is gone on from.
    """

    def __init__(
        self,
        manifest: SessionManifest,
        scope: str,
        files: CheckpointFiles | None,
        told: Callable[[int], None],
    ) -> None:
        self._manifest, self._scope, self._files, self._told = manifest, scope, files, told
        self._every = int(str(manifest.parameters.get(EVERY, 0)))
        self._last = Saved(scope=scope, session=manifest.nonce, number=0)

    @property
    def number(self) -> int:
        """Of the last checkpoint written or gone on from; 0 before."""
        return self._last.number

    def resume(self, link: Link, keepers: Sequence[str]) -> Saved | None:
        """Agree with everybody on the checkpoint to go on from.

        Args:
            link: joins all participants, keepers or not.
            keepers: parties whose checkpoints are needed.

        Returns:
            This keeper's checkpoint; an empty one with the number at other parties; None when
            the run begins at its beginning.
        """
        if not self._every:
            return None
        held = {saved.mark: saved for saved in self._found()} if link.me in keepers else {}
        told = link.exchange(list(held))
        mark = _newest([_marks(told[alias], alias) for alias in keepers])
        if self._files is not None:
            self._files.forget_after(mark)
        if mark is None:
            return None
        number, session = mark
        elsewhere = Saved(scope=self._scope, session=session, number=number)
        self._last = held.get(mark, elsewhere)
        self._told(number)
        return self._last

    def pieces(self) -> list[dict[str, bytes]]:
        """What was added up to the checkpoint that `resume` returned, in order."""
        return self._files.pieces(self._last) if self._files is not None else []

    def due(self, number: int) -> bool:
        """Whether a checkpoint is to be written after this epoch, tree or iteration."""
        return bool(self._every) and number % self._every == 0

    def save(
        self,
        number: int,
        shares: Mapping[str, bytes],
        *,
        piece: Mapping[str, bytes] | None = None,
        **state: Any,
    ) -> None:
        """Write a checkpoint when one is due at this number.

        A disk that does not take it is logged: the run goes on without.

        Args:
            number: epochs, trees or iterations done.
            shares: this party's shares, or own values, by variable.
            piece: what was added since the last checkpoint.
            state: what else the loop needs to go on; JSON values.
        """
        if self._files is None or not self.due(number):
            return
        saved = msgspec.structs.replace(
            self._last,
            session=self._manifest.nonce,
            number=number,
            shares=dict(shares),
            state=state,
        )
        try:
            self._last = self._files.write(saved, dict(piece) if piece is not None else None)
        except OSError as error:
            failed = CheckpointNotWritten("a checkpoint could not be written", debug=str(error))
            log.warning("%s: %s (%s)", failed.code, failed.message, failed.debug)

    def _found(self) -> list[Saved]:
        return self._files.found(self._scope) if self._files is not None else []


def scope_of(suite: Hashing, manifest: SessionManifest) -> str:
    """Hex digest of all of a manifest but what changes from attempt to attempt.

    The same flow, step, operator, code, parameters, protocol, parties with their roles, and
    commitments to the inputs.
    """
    parties = [
        msgspec.structs.replace(party, endpoints={}, certificate="") for party in manifest.parties
    ]
    lasting = msgspec.structs.replace(manifest, attempt=0, nonce="", parties=parties)
    return suite.hash(canonical.tagged("hanse/checkpoint-scope/1", canonical.encode(lasting))).hex()


def _marks(said: Any, alias: str) -> set[Mark]:
    try:
        return set(msgspec.convert(said, list[Mark]))
    except msgspec.ValidationError as error:
        raise BadInput(f"what {alias} says of its checkpoints does not decode") from error


def _newest(held: Sequence[set[Mark]]) -> Mark | None:
    common = set.intersection(*held) if held else set()
    return max(common, default=None)
