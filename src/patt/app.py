"""The web application: routes, and what stands before and behind them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from patt.api import (
    access,
    activity,
    credentials,
    guild_moves,
    health,
    issue,
    issues,
    jobs,
    live,
    losses,
    matching,
    players,
    selected,
    settings,
    uploads,
)
from patt.api.examples import explain
from patt.bootstrap import Services
from patt.live.hub import Hub
from patt.live.stream import HEARTBEAT_S, NoteCursor
from patt.pages import (
    account_pages,
    actions,
    activity_pages,
    admin_pages,
    discord_sign_in,
    dismissal_pages,
    issue_pages,
    loss_pages,
    match_pages,
    move_pages,
    officer_pages,
    player_actions,
    player_pages,
    secret_pages,
    setting_actions,
    setting_pages,
    sign_in,
    upload_pages,
)
from patt.web import probes
from patt.web.body_limit import OverlongBodies
from patt.web.guard import Guard
from patt.web.headers import STATIC_PREFIX, SecurityHeaders
from patt.web.http_metrics import HttpMetrics, MeasureRequests
from patt.web.limits import Clock, Limits
from patt.web.problems import answer
from patt.web.throttle import ThrottleGuessing, ThrottleRequests
from sv_common.guild_sync.core.errors import PattError

STATIC = Path(__file__).parent / "static"


def create_app(services: Services, *, clock: Clock = time.monotonic, heartbeat_s: float = HEARTBEAT_S) -> FastAPI:
    """Return the application on these services. Their pool is open, and stays its owner's to close.

    How often somebody asks is measured by the clock; open streams are looked after at each heartbeat.
    """
    limits = Limits(clock)
    app = _Application(
        title="PATT",
        summary="Data quality for the identity data of a guild.",
        version=version("patt"),
        # The interactive pages load scripts from elsewhere, which these pages never do.
        docs_url=None,
        redoc_url=None,
        lifespan=_listen,
    )
    app.state.services = services
    app.state.live = Hub(services.pool)
    app.state.heartbeat_s = heartbeat_s
    app.state.http_metrics = HttpMetrics()
    app.state.reading_uploads = asyncio.Semaphore(1)  # reading one takes many times its size in memory
    for kind in (PattError, HTTPException, RequestValidationError, psycopg.OperationalError):
        app.add_exception_handler(kind, answer)
    app.include_router(issues.router)
    app.include_router(issue.router)
    app.include_router(health.router)
    app.include_router(selected.router)
    app.include_router(jobs.router)
    app.include_router(live.router)
    app.include_router(activity.router)
    app.include_router(losses.router)
    app.include_router(matching.router)
    app.include_router(players.router)
    app.include_router(settings.router)
    app.include_router(guild_moves.router)
    app.include_router(credentials.router)
    app.include_router(access.router)
    app.include_router(access.own)
    app.include_router(uploads.router)
    app.include_router(uploads.for_officers)
    app.include_router(actions.router)
    app.include_router(admin_pages.router)
    app.include_router(dismissal_pages.router)
    app.include_router(issue_pages.router)
    app.include_router(activity_pages.router)
    app.include_router(upload_pages.actions)
    app.include_router(upload_pages.router)
    app.include_router(loss_pages.actions)
    app.include_router(loss_pages.router)
    app.include_router(match_pages.actions)
    app.include_router(match_pages.router)
    app.include_router(player_actions.router)
    app.include_router(player_actions.preview_router)
    app.include_router(player_pages.router)
    app.include_router(setting_actions.actions)
    app.include_router(setting_actions.router)
    app.include_router(secret_pages.actions)
    app.include_router(secret_pages.router)
    app.include_router(move_pages.actions)
    app.include_router(move_pages.router)
    app.include_router(setting_pages.router)
    app.include_router(account_pages.router)
    app.include_router(account_pages.actions)
    app.include_router(officer_pages.router)
    app.include_router(officer_pages.actions)
    app.include_router(discord_sign_in.router)
    app.include_router(sign_in.router)
    app.include_router(probes.router)
    app.mount(STATIC_PREFIX, StaticFiles(directory=STATIC), name="static")
    app.add_middleware(NoteCursor, hub=app.state.live)
    app.add_middleware(ThrottleRequests, limits=limits)
    app.add_middleware(Guard, services=services)
    app.add_middleware(ThrottleGuessing, limits=limits)
    app.add_middleware(OverlongBodies)
    app.add_middleware(SecurityHeaders, is_over_tls=services.settings.is_over_tls)
    app.add_middleware(MeasureRequests, metrics=app.state.http_metrics)
    if services.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=services.settings.trusted_proxies)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, made when it is first asked for."""
        if self.openapi_schema is None:
            explain(super().openapi())
        return super().openapi()


@contextlib.asynccontextmanager
async def _listen(app: FastAPI) -> AsyncIterator[None]:
    """Hear what changes for as long as the application is served."""
    hub: Hub = app.state.live
    async with hub.listening():
        yield
