"""What is measured: HTTP requests in this process, and what the database says of how well the product runs. Ages are in seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.bootstrap import Services
from patt.queue.tasks import WORKER_DEAD_AFTER_S, Task
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.text import age
from sv_common.guild_sync.insights.health import SourceAge, all_source_ages
from sv_common.guild_sync.issues.model import IssueState
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.rulebook.parameter import budget_of
from sv_common.guild_sync.rules import may_be_shown, rules_to_show
from sv_common.guild_sync.sources.battlenet.api import SHARED_LIMITS

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
        return generate_latest(self._registry)


class MeasureRequests:
    """Counts every request, also those that are refused before any route is looked for."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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


SQL = load_sql(__package__, "metrics.sql")
SOURCES = {
    Source.ROSTER: "battlenet",
    Source.MEMBERS: "discord",
    Source.NOTES: "addon",
    Source.PROFILES: "profiles",
}
"""What the metrics call each source."""

Rows = Sequence[tuple[Any, ...]]


class _Given(Collector):
    """Metrics that were read before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


async def exposition(services: Services) -> bytes:
    """Read all metrics of the data, in a number of statements that depends on nothing."""
    async with services.pool.probes.snapshot() as conn:
        scans = await _rows(conn, "scans")
        metrics: list[Metric] = [
            _findings(await _rows(conn, "findings"), {row[0] for row in scans}),
            _fixes(await _rows(conn, "fixes")),
            _budgets(await _rows(conn, "budgets")),
            *_ages(await all_source_ages(conn)),
            _by_guild(
                "patt_scan_age_seconds",
                "Seconds since the last scan.",
                [row for row in scans if row[1] is not None],
            ),
            *_jobs(await _rows(conn, "jobs")),
            _by_guild("patt_uploads_waiting", "Uploads that wait to be processed.", await _rows(conn, "uploads")),
            _workers(await _rows(conn, "workers", dead_after_s=WORKER_DEAD_AFTER_S)),
        ]
        if services.sources.profiles is not None:
            ((left,),) = await _rows(
                conn, "requests_left", service=SHARED_LIMITS.service, an_hour=SHARED_LIMITS.an_hour
            )
            text = "Requests to Battle.net that this installation may still send within the hour."
            metrics.append(GaugeMetricFamily("patt_battlenet_requests_left", text, value=left))
    registry = CollectorRegistry()
    registry.register(_Given(metrics))
    return generate_latest(registry)


async def _rows(conn: Connection, statement: str, **values: Any) -> Rows:
    return await (await conn.execute(SQL[statement], values)).fetchall()


def _findings(rows: Rows, guild_ids: Iterable[int]) -> Metric:
    counts = dict.fromkeys(product(guild_ids, rules_to_show(), [state.value for state in IssueState]), 0)
    counts |= {(guild, rule, state): count for guild, rule, state, count in rows if may_be_shown(rule)}
    metric = GaugeMetricFamily("patt_findings", "Findings by rule and state.", labels=["guild", "rule", "state"])
    for (guild, rule, state), count in counts.items():
        metric.add_metric([str(guild), rule, state], count)
    return metric


def _fixes(rows: Rows) -> Metric:
    labels = ["guild", "rule", "outcome", "by"]
    metric = CounterMetricFamily("patt_fixes", "Fixes and full matches, by how they ended.", labels=labels)
    for guild, rule, outcome, is_automatic, count in (row for row in rows if may_be_shown(row[1])):
        metric.add_metric([str(guild), rule, outcome, "automation" if is_automatic else "officer"], count)
    return metric


def _budgets(rows: Rows) -> Metric:
    text = "Automatic fixes of a rule that one run may make. A larger batch is held for an officer."
    metric = GaugeMetricFamily("patt_automatic_fix_budget", text, labels=["guild", "rule"])
    for guild, roster_size, settings in rows:
        for rule in (rule for rule in rules_to_show().values() if rule.is_fixable):
            chosen = settings.get(rule.issue_type, {})
            mends = rule.auto_mitigate if chosen.get("mends") is None else chosen["mends"]
            limit = budget_of(chosen.get("parameters", {}), roster_size).limit
            metric.add_metric([str(guild), rule.issue_type], limit if mends and chosen.get("runs", True) else 0)
    return metric


def _ages(ages: Mapping[int, Sequence[SourceAge]]) -> Iterable[Metric]:
    """Ages of the sources' data, none where there was no data, and from which age on each is stale."""
    now = datetime.now(UTC)
    sources = GaugeMetricFamily(
        "patt_source_age_seconds", "Since a source's data was last taken in.", labels=["guild", "source"]
    )
    for guild_id, listed in ages.items():
        for each in listed:
            if each.last is not None:
                sources.add_metric([str(guild_id), SOURCES[each.source]], age(each.last, now).total_seconds())
    stale = GaugeMetricFamily(
        "patt_source_stale_after_seconds", "The age from which on a source's data is stale.", labels=["source"]
    )
    for source, freshness in FRESHNESS.items():
        stale.add_metric([SOURCES[source]], freshness.stale_after.total_seconds())
    return sources, stale


def _jobs(rows: Rows) -> Iterable[Metric]:
    known = {task.value: (0, 0, 0.0) for task in Task} | {task: tuple(numbers) for task, *numbers in rows}
    metrics = (
        GaugeMetricFamily("patt_jobs_waiting", "Jobs that wait for a worker.", labels=["task"]),
        GaugeMetricFamily("patt_jobs_running", "Jobs that a worker does.", labels=["task"]),
        GaugeMetricFamily(
            "patt_jobs_oldest_age_seconds", "Seconds since the oldest waiting job was queued.", labels=["task"]
        ),
    )
    for task, numbers in known.items():
        for metric, number in zip(metrics, numbers, strict=True):
            metric.add_metric([task], number)
    return metrics


def _workers(rows: Rows) -> Metric:
    return GaugeMetricFamily("patt_workers", "Workers that are alive.", value=rows[0][0])


def _by_guild(name: str, text: str, rows: Iterable[tuple[Any, ...]]) -> Metric:
    metric = GaugeMetricFamily(name, text, labels=["guild"])
    for guild, number in rows:
        metric.add_metric([str(guild)], number)
    return metric
