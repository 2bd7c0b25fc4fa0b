"""The web application: its routes and its middleware."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from patt.api import access, activity, credentials, inbox, issue, issues, live, matching, players, settings, uploads
from patt.api.persons import routes as persons
from patt.api.undoing import routes as undoing
from patt.bootstrap import Services
from patt.live.hub import Hub
from patt.live.stream import HEARTBEAT_S, NoteCursor
from patt.pages import (
    access_pages,
    activity_pages,
    admin_pages,
    inbox_pages,
    issue_pages,
    map_pages,
    match_pages,
    player_pages,
    search_pages,
    settings_pages,
    sign_in_pages,
)
from patt.pages.members import claim_pages, verified_page
from patt.pages.setup import restore as restore_pages
from patt.pages.setup import routes as setup_pages
from patt.setup.finding import KnownRealms
from patt.setup.reading import Readings
from patt.setup.restoring import Restoring
from patt.supported import DISTRIBUTION
from patt.web.assets import Assets
from patt.web.guard import Guard
from patt.web.kept.answers import KeptAnswers
from patt.web.kept.packing import LEVEL
from patt.web.kept.serving import SHORT, KeepAnswers
from patt.web.load.reading import ExportReader
from patt.web.load.turns import LimitUnfinished, TakeTurns
from patt.web.monitoring import probes
from patt.web.monitoring.metrics import HttpMetrics, MeasureRequests
from patt.web.places import STATIC_PREFIX
from patt.web.problems import answer
from patt.web.security import OverlongBodies, SecurityHeaders
from patt.web.telling.api_examples import explain
from patt.web.throttle import Clock, Limits, ThrottleGuessing, ThrottleRequests
from sv_common.guild_sync.core.errors import PattError

ROUTERS = (
    issues.router,
    issue.router,
    undoing.router,
    undoing.for_activity,
    activity.for_jobs,
    live.router,
    activity.router,
    activity.for_losses,
    matching.router,
    inbox.router,
    players.router,
    persons.router,
    players.for_search,
    players.for_map,
    settings.router,
    credentials.router,
    access.router,
    access.own,
    uploads.router,
    uploads.for_officers,
    inbox_pages.router,
    admin_pages.router,
    issue_pages.router,
    activity_pages.router,
    match_pages.router,
    verified_page.router,
    player_pages.router,
    map_pages.router,
    search_pages.router,
    access_pages.router,
    settings_pages.router,
    access_pages.own,
    setup_pages.router,
    restore_pages.router,
    restore_pages.of_files,
    restore_pages.for_all,
    sign_in_pages.router,
    claim_pages.router,
    probes.router,
)


def create_app(
    services: Services,
    *,
    clock: Clock = time.monotonic,
    heartbeat_s: float = HEARTBEAT_S,
    kept_answers: KeptAnswers | None = None,
) -> FastAPI:
    """Return the application on these services, whose owner closes their pool; open streams are checked at each heartbeat.

    `kept_answers` is where answers are kept, and how many; by default in a place of its own.
    """
    limits = Limits(clock)
    app = _Application(
        title="PATT",
        summary="Data quality for the identity data of a guild.",
        version=version(DISTRIBUTION),
        # The interactive pages load scripts from elsewhere, which these pages never do.
        docs_url=None,
        redoc_url=None,
        lifespan=_listen,
    )
    app.state.services = services
    app.state.live = Hub(services.pool)
    app.state.heartbeat_s = heartbeat_s
    app.state.http_metrics = HttpMetrics()
    app.state.export_reader = ExportReader()
    app.state.readings = Readings()
    app.state.known_realms = KnownRealms()
    app.state.restoring = Restoring()
    for kind in (PattError, HTTPException, RequestValidationError, psycopg.OperationalError):
        app.add_exception_handler(kind, answer)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(STATIC_PREFIX, Assets(), name="static")
    app.add_middleware(TakeTurns)
    app.add_middleware(KeepAnswers, pool=services.pool, answers=kept_answers or KeptAnswers())
    app.add_middleware(ThrottleRequests, limits=limits)
    app.add_middleware(Guard, services=services)
    app.add_middleware(NoteCursor, hub=app.state.live)
    app.add_middleware(ThrottleGuessing, limits=limits)
    app.add_middleware(LimitUnfinished)
    app.add_middleware(OverlongBodies)
    app.add_middleware(GZipMiddleware, minimum_size=SHORT, compresslevel=LEVEL)
    app.add_middleware(SecurityHeaders, is_over_tls=services.settings.is_over_tls)
    app.add_middleware(MeasureRequests, metrics=app.state.http_metrics)
    if services.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=services.settings.trusted_proxies)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, made when it is first requested."""
        if self.openapi_schema is None:
            explain(super().openapi())
        return super().openapi()


@contextlib.asynccontextmanager
async def _listen(app: FastAPI) -> AsyncIterator[None]:
    hub: Hub = app.state.live
    try:
        async with hub.listening():
            yield
    finally:
        app.state.export_reader.close()
        await app.state.readings.close()
