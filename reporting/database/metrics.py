"""Figures for Prometheus: requests by route, their time, results stored, messages that wait."""
from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from reporting.database.exchange import Request, Response
from reporting.database.outbox import count
from reporting.database.service import Service

#: Seconds.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
#: Others count as one, so that a stranger cannot make the figures grow.
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """One for a server process; any number of threads may call it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = Counter("checkotron_results_requests", "Requests answered.", ("method", "route", "status"),
                                 registry=self.registry)
        self._seconds = Histogram("checkotron_results_request_seconds", "Time from the whole request to its answer.",
                                  ("route",), buckets=_BUCKETS, registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._waiting = Gauge("checkotron_results_outbox_messages", "Messages that wait for the bus.",
                              registry=self.registry)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is from the list of routes, so there are few."""
        key = (method if method in _METHODS else "other", route, status)
        found = self._known.get(key)
        if found is None:  # looking labels up costs more than counting
            found = self._known[key] = (self._requests.labels(*key), self._seconds.labels(route))
        found[0].inc()
        found[1].observe(seconds)

    def page(self, service: Service, request: Request) -> Response:
        """Answer the figures as text."""
        if service.announces:
            self._waiting.set(count(service.storage))
        return Response(200, generate_latest(self.registry), CONTENT_TYPE_LATEST)
