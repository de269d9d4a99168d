"""Checkpoints of steps under way: where they lie, under which key, and when they go.

They outlive attempts and restarts of the node, and nothing else: they are erased when their step
is completed or its flow has ended. The key goes first, so that what a disk may still hold
of the files is of no use.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.records import AttemptKey
from hanse.collaboration.engine.views import FlowView
from hanse.compute.worker import scratch

UNDER_WAY = ("REQUESTED", "STARTED", "SUSPENDED")


class KeptCheckpoints:
    """The checkpoints at this node."""

    def __init__(self, ctx: EngineContext) -> None:
        self._ctx = ctx

    def place(self, key: AttemptKey) -> tuple[str, str]:
        """Folder and hex key for a worker of that step; both empty when none are kept."""
        if self._ctx.settings.checkpoint_dir is None:
            return "", ""
        fresh = secrets.token_bytes(self._ctx.ledger.suite.key_bytes)
        kept = self._ctx.journal.checkpoint_key(key.flow, key.step, fresh)
        return str(self._folder(key.flow, key.step)), kept.hex()

    def settle(self, flow: str, busy: set[str]) -> None:
        """Erase those of steps that will not be tried again; ``busy`` steps have a worker yet."""
        steps = [step for step in self._ctx.journal.checkpointed(flow) if step not in busy]
        view = FlowView.read(self._ctx.ledger.state, flow) if steps else None
        for step in steps:
            if not _is_under_way(view, step):
                self.erase(flow, step)

    def erase(self, flow: str, step: str) -> None:
        """Erase the checkpoints of one step."""
        self._ctx.journal.remove_checkpoint(flow, step)
        if self._ctx.settings.checkpoint_dir is not None:
            scratch.wipe(self._folder(flow, step))

    def after_restart(self) -> None:
        """Erase folders whose key is gone: the node died between one and the other."""
        root = self._ctx.settings.checkpoint_dir
        if root is None or not root.is_dir():
            return
        known = {self._folder(*place) for place in self._ctx.journal.all_checkpointed()}
        for folder in root.iterdir():
            if folder not in known:
                scratch.wipe(folder)

    def _folder(self, flow: str, step: str) -> Path:
        root = self._ctx.settings.checkpoint_dir or Path()
        return root / f"{flow}.{step}"


def _is_under_way(view: FlowView | None, step: str) -> bool:
    found = view.step(step) if view is not None and not view.is_over else None
    record = found.record if found is not None else None
    return record is not None and record.state in UNDER_WAY
