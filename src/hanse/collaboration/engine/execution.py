"""Running the worker of an attempt, and keeping what it made."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog

from hanse.collaboration.engine.checkpoints import KeptCheckpoints
from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.evidence import EvidenceWriter
from hanse.collaboration.engine.inputs import Part
from hanse.collaboration.engine.orphans import start_time
from hanse.collaboration.engine.records import (
    AttemptKey,
    ObjectRow,
    ObjectSecret,
    OwnOffer,
    Phase,
    ProgressRow,
    WorkerRow,
)
from hanse.collaboration.engine.report_format import decode_report
from hanse.collaboration.engine.uninterrupted import uninterrupted
from hanse.collaboration.engine.views import StepView
from hanse.collaboration.ports import Worker
from hanse.compute.operators import TABLE_KINDS
from hanse.compute.worker import scratch
from hanse.compute.worker.manifest import SessionManifest
from hanse.compute.worker.request import (
    FirstByte,
    OutputRef,
    Progress,
    Resumed,
    WorkerEvent,
    WorkerRequest,
    WorkerResult,
)
from hanse.contracts.flows.rules import engine_of
from hanse.crypto.commitment import Opening

PROGRESS_MS = 250
_log = structlog.get_logger("hanse.collaboration")


@dataclass(frozen=True)
class Task:
    """Everything one attempt runs with at this party; ``package`` as in `WorkerRequest`."""

    key: AttemptKey
    alias: str
    step: StepView
    manifest: SessionManifest
    certificate: str
    own: OwnOffer
    parts: dict[str, Part]
    package: str = ""


class Execution:
    """One worker's life."""

    def __init__(self, ctx: EngineContext, task: Task) -> None:
        self._ctx = ctx
        self._task = task
        self._work_dir = ctx.settings.work_dir / task.key.folder
        self._shown = ProgressRow("", 0, 0, 0, 0)

    async def run(self) -> WorkerResult:
        """Run the worker to its end; cancelling this kills it.

        Raises:
            HanseError: the named error it ended with.
        """
        worker, ended = self._ctx.workers(), False
        try:
            await uninterrupted(self._start(worker))
            async for event in worker.events():
                self._take(event)
            result = await worker.wait()
            ended = True
            return result
        finally:
            if ended:
                # The process may linger a moment after it has said its result.
                self._ctx.later(self._reap(worker))
            else:
                await uninterrupted(self._reap(worker))

    async def _reap(self, worker: Worker) -> None:
        with contextlib.suppress(Exception):
            await worker.kill()
        self._ctx.journal.remove_worker(self._task.key)

    async def _start(self, worker: Worker) -> None:
        await worker.start(self._request())
        self._note(worker.pid)

    def _request(self) -> WorkerRequest:
        task, settings = self._task, self._ctx.settings
        record = task.step.record
        checkpoint_dir, checkpoint_key = KeptCheckpoints(self._ctx).place(task.key)
        left_ms = max(1_000, record.deadline_ms - self._ctx.clock()) if record else 0
        return WorkerRequest(
            manifest=task.manifest,
            alias=task.alias,
            inputs={port: part.reference(self._ctx.store) for port, part in task.parts.items()},
            certificate=task.certificate,
            private_key=task.own.private_key,
            work_dir=str(self._work_dir),
            suite=self._ctx.ledger.suite.name,
            output_key=task.own.output_key,
            checkpoint_dir=checkpoint_dir,
            checkpoint_key=checkpoint_key,
            package=task.package,
            cache_dir=str(settings.cache_dir or ""),
            lists_dir=str(settings.lists_dir or ""),
            lists_key=settings.lists_key.hex(),
            memory_limit_bytes=settings.memory_bytes,
            cores=settings.cores,
            deadline_ms=left_ms,
            connect_timeout_ms=settings.connect_timeout_ms,
            link_timeout_ms=settings.link_timeout_ms,
            level=task.step.flow.pinned.levels[task.key.step],
            policies=list(settings.policies),
            collateral=self._collateral(),
        )

    def _collateral(self) -> str:
        """Of this node's hardware, for a step that runs in it; the worker misses what is empty."""
        path = self._ctx.settings.collateral
        if path is None or engine_of(self._task.manifest.protocol) != "tee":
            return ""
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            _log.warning("collateral.unreadable", path=str(path), error=type(error).__name__)
            return ""

    def _note(self, pid: int | None) -> None:
        if pid is not None:
            row = WorkerRow(self._task.key, pid, start_time(pid), str(self._work_dir))
            self._ctx.journal.put_worker(row)

    def _take(self, event: WorkerEvent) -> None:
        if isinstance(event, FirstByte):
            self._ctx.journal.mark_first_byte(self._task.key)
        if isinstance(event, Resumed):
            self._ctx.journal.set_resumed(self._task.key, event.number)
            _log.info("task.resumed", number=event.number)
        if not isinstance(event, Progress):
            return
        now = self._ctx.clock()
        since = self._shown.since_ms if event.phase == self._shown.phase else now
        row = ProgressRow(event.phase, event.done, event.total, now, since)
        # A fast worker says more than anybody reads; each line here is a write to disk.
        if row.phase != self._shown.phase or row.time_ms - self._shown.time_ms >= PROGRESS_MS:
            self._shown = row
            self._ctx.journal.put_progress(self._task.key, row)

    async def keep(self, result: WorkerResult) -> None:
        """Move outputs into the vault and fix the evidence, all or nothing in the journal."""
        writer = self._writer()
        writer.add_inputs(self._task.parts)
        writer.add_algorithm(self._task.manifest)
        kept: list[ObjectRow] = []
        try:
            for port, output in sorted(result.outputs.items()):
                kept.append(await self._adopt(port, output, writer))
            self._add_measures(writer, result, kept)
        except BaseException:
            for row in kept:
                await asyncio.to_thread(self._ctx.store.delete, row.object_id)
            raise
        journal, key = self._ctx.journal, self._task.key
        with journal.transaction():
            for row in kept:
                journal.put_object(row)
            journal.put_outcome(key, msgspec.json.encode(writer.items))
            journal.set_phase(key, Phase.FINISHED, self._ctx.clock())
        await asyncio.to_thread(shutil.rmtree, self._work_dir, ignore_errors=True)

    def _writer(self) -> EvidenceWriter:
        task, step = self._task, self._task.step
        dids = [step.flow.spec.parties[alias] for alias in step.parties]
        suite = self._ctx.ledger.suite
        return EvidenceWriter(suite, self._ctx.members, task.key, self._ctx.did, dids)

    async def _adopt(self, port: str, output: OutputRef, writer: EvidenceWriter) -> ObjectRow:
        key = self._task.key
        object_id = await asyncio.to_thread(
            self._ctx.store.adopt,
            Path(output.path),
            bytes.fromhex(output.key),
            "table" if output.kind in TABLE_KINDS else "bytes",
            name=f"{key.step}.{port}",
            details={"flow": key.flow, "step": key.step, "attempt": str(key.attempt), "port": port},
        )
        commitment, opening = writer.add_output(port, output.kind, output.digest, output.rows)
        return ObjectRow(
            flow=key.flow,
            step=key.step,
            port=port,
            attempt=key.attempt,
            object_id=object_id,
            kind=output.kind,
            rows=output.rows,
            opened=self._task.step.opens(port, self._task.alias),
            commitment=commitment,
            secret=ObjectSecret(_opening(opening), output.meta),
            created_ms=self._ctx.clock(),
        )

    def _add_measures(
        self, writer: EvidenceWriter, result: WorkerResult, kept: list[ObjectRow]
    ) -> None:
        rows = {row.port: row.rows for row in kept}
        writer.add_measures("count", "counts", {"rows": rows, "measures": result.measures})
        for row in kept:
            port = self._task.step.operator.outputs[row.port]
            if row.opened and port.open_to_auditors:
                report = decode_report(self._ctx.store.get_bytes(row.object_id))
                writer.add_measures("metric", f"metrics.{row.port}", report)


def _opening(opening: Opening) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(opening)
    return plain


def wipe_work(work_dir: Path) -> None:
    """Wipe what a worker left that did not end in order; its log stays for the administrator."""
    if work_dir.is_dir():
        scratch.wipe_task(work_dir, False)
