"""A flow is not discarded underneath another that reads a model of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from model_story import Later

from hanse.collaboration.engine.errors import ModelInUse
from hanse.collaboration.engine.housekeeping import Housekeeping
from hanse.contracts.flows.messages import TerminateFlow


class Journal:
    """Knows which flows have not ended, and keeps nothing."""

    def __init__(self, later: Later, flows: list[str]) -> None:
        self._later, self._flows = later, flows

    def flows(self, *, live: bool) -> list[str]:
        assert live
        ended = ("COMPLETED", "TERMINATED")
        return [f for f in self._flows if self._later.story.flow(f).state not in ended]

    def objects(self, flow: str) -> list[Any]:
        return []

    attempts = checkpointed = objects


def test_flow_is_discarded_only_when_nobody_reads_a_model_of_it_any_more(tmp_path: Path) -> None:
    later = Later()
    flow = later.deploy()
    context: Any = SimpleNamespace(
        journal=Journal(later, [later.trained, flow]),
        ledger=SimpleNamespace(state=later.net.state),
        settings=SimpleNamespace(work_dir=tmp_path),
    )
    keeper = Housekeeping(context)
    with pytest.raises(ModelInUse, match=flow):
        keeper.discard(later.trained)
    later.net.send("bank", TerminateFlow(flow))
    assert keeper.discard(later.trained) == 0
