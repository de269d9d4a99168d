"""Flows: check, deploy, follow, act, results."""

from __future__ import annotations

from pathlib import Path

from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.api.flows import (
    FlowCheckView,
    FlowResultsView,
    FlowSummary,
    FlowTextRequest,
    FlowView,
    RerunFlowRequest,
)
from hanse.sdk.area import Area, page
from hanse.sdk.errors import FlowTerminated
from hanse.sdk.files import ByteProgress, save
from hanse.sdk.waiting import Progress, wait_until


class FlowsArea(Area):
    """Flows this node takes part in."""

    def check(self, text: str, *, lang: str | None = None) -> FlowCheckView:
        """Compile a flow without deploying it: parties, protocols, price, what is revealed."""
        body = build(FlowTextRequest, {"text": text})
        return self._http.call("flows.check", FlowCheckView, query={"lang": lang}, body=body)

    def deploy(self, text: str) -> FlowView:
        """Deploy a flow; grants are reserved and the price is held."""
        body = build(FlowTextRequest, {"text": text})
        return self._http.call("flows.deploy", FlowView, body=body)

    def list(
        self, *, state: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[FlowSummary]:
        """One page of flows, newest first."""
        return self._http.call(
            "flows.list", Page[FlowSummary], query=page(limit, after, state=state)
        )

    def get(self, flow: str) -> FlowView:
        """A flow with steps, reports and payments."""
        return self._http.call("flows.get", FlowView, path={"id": flow})

    def suspend(self, flow: str, reason: str = "") -> FlowView:
        """Suspend a flow; the running step finishes or fails, no other starts."""
        return self._act("flows.suspend", flow, reason)

    def resume(self, flow: str) -> FlowView:
        """Resume a suspended flow."""
        return self._http.call("flows.resume", FlowView, path={"id": flow})

    def terminate(self, flow: str, reason: str = "") -> FlowView:
        """Terminate a flow at every party."""
        return self._act("flows.terminate", flow, reason)

    def rerun(self, flow: str, step: str) -> FlowView:
        """Run again from a step on."""
        body = build(RerunFlowRequest, {"step": step})
        return self._http.call("flows.rerun", FlowView, path={"id": flow}, body=body)

    def results(self, flow: str) -> FlowResultsView:
        """The results this node holds."""
        return self._http.call("flows.results", FlowResultsView, path={"id": flow})

    def result(self, flow: str, step: str, output: str, *, file_format: str | None = None) -> bytes:
        """A result's content: a report as JSON, a table as CSV or Parquet."""
        return self._http.send(
            "flows.result",
            path={"id": flow, "step": step, "output": output},
            query={"format": file_format},
            timeout_s=300.0,
        ).content

    def save_result(
        self,
        flow: str,
        step: str,
        output: str,
        destination: Path,
        *,
        file_format: str | None = None,
        progress: ByteProgress | None = None,
    ) -> int:
        """Write a result to a local file; returns its size in bytes."""
        path = {"id": flow, "step": step, "output": output}
        with self._http.stream("flows.result", path=path, query={"format": file_format}) as reply:
            return save(reply.iter_bytes(), destination, progress)

    def wait_completed(
        self, flow: str, timeout_s: float = 3_600.0, progress: Progress[FlowView] | None = None
    ) -> FlowView:
        """Wait until the flow has completed.

        Raises:
            FlowTerminated: naming the reason, when it ended otherwise.
        """
        ended = wait_until(
            lambda: self.get(flow),
            lambda view: view.state in ("COMPLETED", "TERMINATED"),
            what=f"completion of {flow}",
            timeout_s=timeout_s,
            progress=progress,
        )
        if ended.state == "TERMINATED":
            why = ": ".join(part for part in (ended.code, ended.reason) if part)
            raise FlowTerminated(f"flow {flow} was terminated: {why or 'no reason given'}")
        return ended

    def _act(self, id_: str, flow: str, reason: str) -> FlowView:
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(id_, FlowView, path={"id": flow}, body=body)
