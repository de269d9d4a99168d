"""Clearing up: orphans of an earlier life, parts of attempts that came to nothing."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

import structlog

from hanse.collaboration.engine.checkpoints import KeptCheckpoints
from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import FlowStillRuns, ModelInUse
from hanse.collaboration.engine.execution import wipe_work
from hanse.collaboration.engine.orphans import kill_process
from hanse.collaboration.engine.records import ENDED, AttemptKey, ObjectRow, Phase
from hanse.collaboration.engine.views import FlowView
from hanse.core.errors import NotFoundError

LOGS_KEPT_S = 7 * 24 * 3600
_log = structlog.get_logger("hanse.collaboration")


class Housekeeping:
    """Leaves nothing behind."""

    def __init__(self, ctx: EngineContext) -> None:
        self._ctx = ctx
        self._checkpoints = KeptCheckpoints(ctx)

    def after_restart(self) -> None:
        """Kill workers that outlived the node, wipe their scratch, erase unknown outputs."""
        work_dir = self._ctx.settings.work_dir
        work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for row in self._ctx.journal.workers():
            if kill_process(row.pid, row.started):
                _log.info("orphan.killed", attempt=str(row.key))
            wipe_work(Path(row.work_dir))
            self._ctx.journal.remove_worker(row.key)
        for folder in work_dir.iterdir():
            self._clear(folder)
        self._checkpoints.after_restart()
        self._erase_unknown()

    def _clear(self, folder: Path) -> None:
        """Scratch is wiped at once, the log of a failed task stays for a week."""
        if not folder.is_dir():
            return
        wipe_work(folder)
        if time.time() - folder.stat().st_mtime > LOGS_KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)

    def _erase_unknown(self) -> None:
        """A crash between vault and journal leaves objects that their attempt does not know.

        Objects of attempts the journal never saw stay: then it is the journal that was lost.
        """
        for info in self._ctx.store.list_objects():
            place = info.details
            if not place.get("attempt", "").isdigit() or self._ctx.journal.has_object(info.id):
                continue
            key = AttemptKey(place.get("flow", ""), place.get("step", ""), int(place["attempt"]))
            if self._ctx.journal.attempt(key) is not None:
                self._erase(info.id)

    def after_change(self, view: FlowView, running: set[AttemptKey]) -> None:
        """Settle attempts that are over and erase outputs nobody can use any more."""
        now = self._ctx.clock()
        for row in self._ctx.journal.attempts(view.record.id):
            step = view.step(row.key.step)
            if row.phase in ENDED or row.key in running or step is None:
                continue
            if step.current() != row.key:
                told = self._ctx.did in step.attempt(row.key.attempt).reported
                done = row.phase is Phase.FINISHED and told
                phase = Phase.REPORTED if done else Phase.CANCELLED
                self._ctx.journal.set_phase(row.key, phase, now)
        for kept in self._ctx.journal.objects(view.record.id):
            if self._is_useless(view, kept):
                self._erase(kept.object_id)
        self.settle_checkpoints(view.record.id, running)

    def settle_checkpoints(self, flow: str, running: set[AttemptKey]) -> None:
        """Erase checkpoints of steps that will not be tried again."""
        self._checkpoints.settle(flow, {key.step for key in running if key.flow == flow})

    def _is_useless(self, view: FlowView, kept: ObjectRow) -> bool:
        """Of an attempt that failed, or replaced by a later one that completed."""
        step = view.step(kept.step)
        record = step.record if step else None
        if step is None or record is None:
            return False
        if step.attempt(kept.attempt).state in ("FAILED", "CANCELLED"):
            return True
        return record.state == "COMPLETED" and record.attempt > kept.attempt

    def discard(self, flow: str) -> int:
        """Erase everything kept of a flow that has ended.

        Raises:
            FlowStillRuns: it has not ended.
            ModelInUse: a flow that has not ended reads a model of it.
        """
        view = FlowView.read(self._ctx.ledger.state, flow)
        if view is not None and not view.is_over:
            raise FlowStillRuns()
        for other in self._ctx.journal.flows(live=True):
            reader = FlowView.read(self._ctx.ledger.state, other)
            if reader and any(m.flow == flow for m in reader.pinned.models.values()):
                raise ModelInUse(f"{other} reads a model of {flow}")
        kept = self._ctx.journal.objects(flow)
        for row in kept:
            self._erase(row.object_id)
        for attempt in self._ctx.journal.attempts(flow):
            folder = self._ctx.settings.work_dir / attempt.key.folder
            wipe_work(folder)
            shutil.rmtree(folder, ignore_errors=True)
        self.settle_checkpoints(flow, set())
        return len(kept)

    def _erase(self, object_id: str) -> None:
        with contextlib.suppress(NotFoundError):
            self._ctx.store.delete(object_id)
        self._ctx.journal.remove_object(object_id)
