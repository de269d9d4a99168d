"""Noticing that consensus stands still: too few validators are there to decide a block."""

from __future__ import annotations

from hanse.ledger.bft.standing import Standing

PATIENCE_SECONDS = 30.0
"""A silent proposer costs about a second, so this is many lost rounds."""
_AT_REST = frozenset({"new_height", "new_round"})


class Progress:
    """How long the engine has been deciding one block.

    An idle network makes no blocks and is at rest, which is no fault: time counts only while the
    engine is in the middle of a round, or transactions of this node wait.
    """

    def __init__(self) -> None:
        self._height = -1
        self._since: float | None = None

    def look(self, height: int, *, deciding: bool, now: float) -> float:
        """Seconds without progress.

        Args:
            height: committed last.
            deciding: whether there is something to decide.
            now: any clock that does not go back, in seconds.
        """
        if not deciding:
            self._since = None
        elif self._since is None or height != self._height:
            self._since = now
        self._height = height
        return 0.0 if self._since is None else now - self._since


def is_deciding(step: str) -> bool:
    """Whether an engine is in the middle of a round; see `Standing.step`."""
    return step not in _AT_REST


def votes_missing(standing: Standing) -> str:
    """Whose votes of the present round are here, by power, for people."""
    total = sum(voter.power for voter in standing.voters)
    here = sum(voter.power for voter in standing.voters if voter.prevoted)
    return (
        f"votes of {here} of {total} power are here for block {standing.height}, "
        f"round {standing.round}; linked engines: {len(standing.links)}"
    )
