"""The node: identity, health, metrics, errors."""

from __future__ import annotations

from hanse.api.node import ErrorCatalogueView, HealthView, NodeView
from hanse.api.tasks import TasksView
from hanse.sdk.area import Area
from hanse.sdk.waiting import Progress, wait_until


class NodeArea(Area):
    """The node behind the address."""

    def show(self) -> NodeView:
        """Who the node is and its place in the network."""
        return self._http.call("node.show", NodeView)

    def health(self) -> HealthView:
        """Health by part; an unhealthy node answers too."""
        return self._http.call("node.health", HealthView)

    def metrics(self) -> str:
        """Metrics in Prometheus text format."""
        return self._http.send("node.metrics").text

    def errors(self) -> ErrorCatalogueView:
        """The error catalogue."""
        return self._http.call("node.errors", ErrorCatalogueView)

    def tasks(self) -> TasksView:
        """What the node computes now: running and waiting tasks, and its limits."""
        return self._http.call("node.tasks", TasksView)

    def wait_healthy(
        self, timeout_s: float = 60.0, progress: Progress[HealthView] | None = None
    ) -> HealthView:
        """Wait until every check holds.

        Raises:
            WaitTimedOut: or the last `NodeUnreachable`.
        """
        return wait_until(
            self.health,
            lambda health: health.ok,
            what=f"health of {self._http.url}",
            timeout_s=timeout_s,
            progress=progress,
        )
