"""Prometheus metrics in a registry of the node's own, so two nodes fit in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """What an operator of the node watches; docs/operations.md says what each alarm means."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.http_seconds = Histogram(
            "hanse_http_request_seconds",
            "Time to answer a request",
            ("operation", "status"),
            registry=self.registry,
            buckets=_LATENCY_BUCKETS_SECONDS,
        )
        self.errors = self._counter("hanse_errors_total", "Named errors answered", ("code",))
        self.logins = self._counter("hanse_logins_total", "Logins", ("outcome",))
        self.limited = self._counter(
            "hanse_limited_total", "Calls refused by a rate limit", ("kind",)
        )
        self.blocks = self._counter("hanse_blocks_total", "Blocks projected", ())
        self.transactions = self._counter(
            "hanse_transactions_total", "Transactions in those blocks", ("contract", "outcome")
        )
        self.tasks = self._counter(
            "hanse_tasks_total", "Attempts of steps on the ledger, by end", ("outcome",)
        )
        self.messages = self._counter(
            "hanse_messages_total", "Sealed messages", ("direction", "outcome")
        )
        self.audit_anchors = self._counter(
            "hanse_audit_anchors_total", "Heads of the audit log anchored", ("outcome",)
        )
        self.service_uses = self._counter(
            "hanse_service_uses_total", "Ids scored and keys looked up here", ("kind", "outcome")
        )
        self.service_seconds = Histogram(
            "hanse_service_seconds",
            "Time to answer a question to a service",
            ("kind",),
            registry=self.registry,
            buckets=_LATENCY_BUCKETS_SECONDS,
        )
        self.ledger_peers = Gauge(
            "hanse_ledger_peers",
            "Links of the ordering engine to others",
            registry=self.registry,
        )

    def _counter(self, name: str, text: str, labels: Iterable[str]) -> Counter:
        return Counter(name, text, tuple(labels), registry=self.registry)

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when somebody asks."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Prometheus text format."""
        return generate_latest(self.registry)
