"""The web application: routes, and what stands before and behind them."""

from __future__ import annotations

import asyncio
import time
from importlib.metadata import version
from pathlib import Path

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from patt import access
from patt.api import data_quality, full_match, uploads
from patt.bootstrap import Services
from patt.deps import ServicesDep
from patt.guard import STATIC_PREFIX, Guard, SecurityHeaders
from patt.limits import Clock, Limits
from patt.overlong import OverlongBodies
from patt.pages import actions, admin_pages, sign_in
from patt.problems import answer
from patt.throttle import ThrottleGuessing, ThrottleRequests
from sv_common.guild_sync.domain.errors import PattError

STATIC = Path(__file__).parent / "static"
_HEALTH_SECONDS = 3.0


def create_app(services: Services, *, clock: Clock = time.monotonic) -> FastAPI:
    """Return the application on these services. Their pool is open, and stays its owner's to close.

    How often somebody asks is measured by the clock.
    """
    limits = Limits(clock)
    app = FastAPI(
        title="PATT",
        summary="Data quality for the identity data of a guild.",
        version=version("patt"),
        # The interactive pages load scripts from elsewhere, which these pages never do.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    for kind in (PattError, HTTPException, RequestValidationError, psycopg.OperationalError):
        app.add_exception_handler(kind, answer)
    app.include_router(data_quality.router)
    app.include_router(full_match.router)
    app.include_router(uploads.router)
    app.include_router(actions.router)
    app.include_router(admin_pages.router)
    app.include_router(sign_in.router)
    app.add_api_route("/health", health, summary="Whether the application and its database answer")
    app.mount(STATIC_PREFIX, StaticFiles(directory=STATIC), name="static")
    app.add_middleware(ThrottleRequests, limits=limits)
    app.add_middleware(Guard, services=services)
    app.add_middleware(ThrottleGuessing, limits=limits)
    app.add_middleware(OverlongBodies)
    app.add_middleware(SecurityHeaders)
    if services.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=services.settings.trusted_proxies)
    return app


async def health(services: ServicesDep) -> Response:
    """Answer 200 while the database answers, and 503 when it does not."""
    try:
        async with asyncio.timeout(_HEALTH_SECONDS), services.pool.connection() as conn:
            await access.ping(conn)
    except (psycopg.Error, TimeoutError):
        return JSONResponse({"status": "unavailable", "detail": "The database does not answer."}, 503)
    return JSONResponse({"status": "ok"})
