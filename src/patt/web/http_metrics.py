"""What is counted of HTTP requests: how many of each route ended how, and how long they took."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "(none)"


class HttpMetrics:
    """The counts of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "patt_http_requests", "Requests served.", ["method", "route", "status"], registry=self._registry
        )
        self._durations = Histogram(
            "patt_http_request_duration_seconds", "How long requests took.", ["route"], registry=self._registry
        )

    def observe(self, scope: Scope, status: int, duration_s: float) -> None:
        """Count a request by its route's pattern: a path may hold a secret, and there are too many."""
        route = str(getattr(scope.get("route"), "path", _NO_ROUTE))
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(route).observe(duration_s)

    def exposition(self) -> bytes:
        """Return the counts in Prometheus' text format."""
        return generate_latest(self._registry)


class MeasureRequests:
    """Counts every request, also those that are refused before any route is looked for."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            self._metrics.observe(scope, status, time.perf_counter() - started)
