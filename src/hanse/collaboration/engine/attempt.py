"""One attempt of one step at this party, from offer to report.

The journal says how far this node is, the ledger how far everybody is; each phase looks at both
and does what is missing, so the same code runs the first time and after a crash::

    SEEN ─ policy, inputs ─▶ OFFERED ─ all offers ─▶ CONFIRMED ─ ledger: STARTED ─▶ RUNNING
                                                                                     │ worker
    REPORTED ◀─ ledger took the outcome ─ FINISHED ◀─ outputs in the vault, evidence fixed
    any ─▶ FAILED (reported with phase and code)      any ─▶ CANCELLED (over for everybody)

A node that comes back in RUNNING has lost its worker: it reports that, and all parties start
the next attempt together. In any other phase it goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.errors import NodeRestarted, NoFreePort, OfferConflict
from hanse.collaboration.engine.exchange import Exchange
from hanse.collaboration.engine.execution import Execution, Task, wipe_work
from hanse.collaboration.engine.faults import Over, fault_of
from hanse.collaboration.engine.inputs import Part
from hanse.collaboration.engine.offers import SessionOffer
from hanse.collaboration.engine.records import AttemptKey, Fault, OwnOffer, Phase
from hanse.collaboration.engine.sizes import memory_needed, refuse_too_large
from hanse.collaboration.engine.slots import Turn
from hanse.collaboration.engine.uninterrupted import uninterrupted
from hanse.collaboration.engine.views import FlowView, StepView
from hanse.compute.algorithms.errors import PackageMissing
from hanse.compute.worker.manifest import SessionManifest, check_manifest, manifest_hash
from hanse.compute.worker.request import WorkerResult
from hanse.contracts.flows.messages import (
    ConfirmSession,
    EvidenceItem,
    ReportFailure,
    ReportOutcome,
)
from hanse.contracts.flows.rules import OWN_ALGORITHMS, algorithm_of
from hanse.core.errors import HanseError, RateLimitError, UnavailableError, error_for
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.ledger.errors import TransactionExpired

T = TypeVar("T")
LOOK_S = 1.0
LONGEST_PAUSE_S = 10.0
_log = structlog.get_logger("hanse.collaboration")


class AttemptRun:
    """Works on one attempt until it is reported, failed, or over for everybody."""

    def __init__(self, ctx: EngineContext, key: AttemptKey, alias: str) -> None:
        self._ctx = ctx
        self._key = key
        self._alias = alias
        self._phase = "prepare"
        self.exchange = Exchange(ctx, key, alias)

    async def run(self) -> None:
        """Do what is missing. Returns when nothing is left to do for this attempt."""
        key = self._key
        with bound_contextvars(flow=key.flow, step=key.step, attempt=key.attempt):
            row = self._ctx.journal.open_attempt(key, self._ctx.clock())
            try:
                await self._go(row.phase, row.fault)
            except Over:
                await self._cancelled()
            except Exception as error:
                await self._failed(error)
            finally:
                await self.exchange.close()
                await self._ctx.slots.release(str(key))

    async def _go(self, phase: Phase, fault: Fault | None) -> None:
        if fault is not None:
            await self._report_failure(fault)
            return
        if phase is Phase.RUNNING:
            self._phase = "restart"
            raise NodeRestarted("the node went down while its worker ran")
        if phase is not Phase.FINISHED:
            execution, result = await self._guarded(self._work())
            self._phase = "store"
            await uninterrupted(execution.keep(result))
        self._phase = "report"
        await self._report_outcome()

    # From offer to result

    async def _work(self) -> tuple[Execution, WorkerResult]:
        step = self._step()
        self._phase = "authorise"
        await self._ctx.policy.check(step.flow.record, step.flow.spec, step.spec, self._alias)
        self._phase = "prepare"
        parts = await asyncio.to_thread(self._ctx.inputs.own_parts, step, self._alias)
        package = await self._package(step)
        await self._offer(step, parts)
        self._phase = "session"
        offers = await self._collect()
        manifest = self.exchange.manifest(step, offers)
        operator = check_manifest(manifest)
        needed = memory_needed(operator, (offer.size for offer in offers.values()))
        refuse_too_large(operator, needed, self._ctx.settings.memory_bytes)
        await self._confirm(step, manifest, needed)
        await self._started()
        self._phase = "run"
        return await self._execute(step, parts, manifest, offers, package)

    async def _package(self, step: StepView) -> str:
        """The algorithm package that the step names, checked; empty when it names none."""
        if step.spec.operator not in OWN_ALGORITHMS:
            return ""
        if self._ctx.algorithms is None:
            raise PackageMissing()
        data = await self._ctx.algorithms.package(*algorithm_of(step.spec))
        return data.decode("utf-8")

    async def _offer(self, step: StepView, parts: dict[str, Part]) -> None:
        while True:
            try:
                self.exchange.make(step, parts)
            except NoFreePort as error:
                _log.warning("task.waits_for_port", code=error.code)
                await asyncio.sleep(self._ctx.settings.retry_s)
            else:
                return

    async def _collect(self) -> dict[str, SessionOffer]:
        while True:
            step = self._step()
            self.exchange.deliver(step)
            offers = self.exchange.collected(step)
            if offers is not None:
                return offers
            # After the pause the own offer goes out again: the other side may have lost it.
            await self._ctx.signals.wait(self._ctx.settings.resend_s)

    async def _confirm(self, step: StepView, manifest: SessionManifest, memory_bytes: int) -> None:
        ctx, key = self._ctx, self._key
        await ctx.slots.acquire(str(key), _turn(step, key), memory_bytes)
        digest = manifest_hash(ctx.ledger.suite, manifest)
        row = ctx.journal.attempt(key)
        if row is not None and row.manifest not in ("", digest):
            raise OfferConflict("the offers changed after the session was confirmed")
        ctx.journal.set_manifest(key, digest, ctx.clock())
        message = ConfirmSession(key.flow, key.step, key.attempt, digest)
        self._accepted(await self._submit(message))

    async def _started(self) -> None:
        while self._step().standing(self._key.attempt) != "started":
            await self._ctx.signals.wait(LOOK_S)

    async def _execute(
        self,
        step: StepView,
        parts: dict[str, Part],
        manifest: SessionManifest,
        offers: dict[str, SessionOffer],
        package: str,
    ) -> tuple[Execution, WorkerResult]:
        ctx, key = self._ctx, self._key
        await ctx.slots.start(str(key), _turn(step, key))
        ctx.journal.set_phase(key, Phase.RUNNING, ctx.clock())
        certificate, own = offers[self._alias].certificate, self._own_offer()
        task = Task(key, self._alias, step, manifest, certificate, own, parts, package)
        execution = Execution(ctx, task)
        _log.info("task.started", operator=manifest.operator, protocol=manifest.protocol)
        result = await execution.run()
        _log.info("task.finished", operator=manifest.operator)
        return execution, result

    def _own_offer(self) -> OwnOffer:
        own = self._ctx.journal.own_offer(self._key)
        if own is None:
            raise NodeRestarted("this node's own offer is gone")
        return own

    # Reports

    async def _report_outcome(self) -> None:
        ctx, key = self._ctx, self._key
        outcome = ctx.journal.outcome(key)
        if outcome is None:
            raise NodeRestarted("the outcome of this attempt is gone")
        evidence = msgspec.json.decode(outcome, type=list[EvidenceItem])
        if not self._is_reported():
            message = ReportOutcome(key.flow, key.step, key.attempt, evidence)
            self._accepted(await self._submit(message))
        ctx.journal.set_phase(key, Phase.REPORTED, ctx.clock())

    def _is_reported(self) -> bool:
        flow = FlowView.read(self._ctx.ledger.state, self._key.flow)
        step = flow.step(self._key.step) if flow else None
        return step is not None and self._ctx.did in step.attempt(self._key.attempt).reported

    async def _failed(self, error: Exception) -> None:
        fault = fault_of(error, self._phase)
        if isinstance(error, HanseError):
            _log.warning("task.failed", phase=fault.phase, code=fault.code, debug=error.debug)
        else:
            _log.exception("task.failed", phase=fault.phase, code=fault.code)
        self._ctx.journal.set_fault(self._key, fault, self._ctx.clock())
        await asyncio.to_thread(self._wipe)
        try:
            await self._report_failure(fault)
        except Over:
            pass
        except HanseError as refused:
            _log.warning("task.report_refused", code=refused.code)

    async def _report_failure(self, fault: Fault) -> None:
        """Tell everybody why; when the attempt has failed already this adds our account."""
        key = self._key
        flow = FlowView.read(self._ctx.ledger.state, key.flow)
        blamed = flow.spec.parties.get(fault.blamed, "") if flow else ""
        message = ReportFailure(
            key.flow, key.step, key.attempt, fault.phase, fault.code, fault.message, blamed,
            fault.final,
        )  # fmt: skip
        receipt = await self._submit(message, while_current=False)
        if not receipt.ok:
            _log.info("task.report_refused", code=receipt.code)

    async def _cancelled(self) -> None:
        _log.info("task.cancelled", phase=self._phase)
        self._ctx.journal.set_phase(self._key, Phase.CANCELLED, self._ctx.clock())
        await asyncio.to_thread(self._wipe)

    def _wipe(self) -> None:
        wipe_work(self._ctx.settings.work_dir / self._key.folder)

    # Looking at the ledger

    def _step(self) -> StepView:
        """The step while this attempt is the one to work on.

        Raises:
            Over: otherwise.
        """
        flow = FlowView.read(self._ctx.ledger.state, self._key.flow)
        step = flow.step(self._key.step) if flow else None
        if step is None or step.standing(self._key.attempt) == "over":
            raise Over
        return step

    async def _guarded(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work; stop it as soon as the attempt is over for everybody."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                self._step()
                look = asyncio.ensure_future(self._ctx.signals.wait(LOOK_S))
                await asyncio.wait({task, look}, return_when=asyncio.FIRST_COMPLETED)
                look.cancel()
            return task.result()
        finally:
            task.cancel()
            await uninterrupted(_end_of(task))

    async def _submit(self, message: Message, *, while_current: bool = True) -> Receipt:
        """Submit until the outcome is known; every message here may be sent twice."""
        pause = self._ctx.settings.retry_s
        while True:
            try:
                return await self._ctx.ledger.submit("flows", message)
            except (UnavailableError, RateLimitError, TransactionExpired) as error:
                _log.info("ledger.unavailable", code=error.code)
            if while_current and not self._is_reported():
                self._step()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _accepted(self, receipt: Receipt) -> None:
        if not receipt.ok:
            self._step()  # refused because the attempt is over: no fault of anybody
            raise error_for(receipt.code, receipt.message)


def _turn(step: StepView, key: AttemptKey) -> Turn:
    """Whose turn it is, the same at every node: priority, then age.

    Raises:
        Over: the step is not requested any more.
    """
    if step.record is None:
        raise Over
    return -step.flow.spec.priority, step.record.requested_ms, key.flow, key.step


async def _end_of(task: asyncio.Future[Any]) -> None:
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # looked at, so that nobody is told it never was
