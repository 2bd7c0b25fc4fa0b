"""What watches over the product asks: whether it answers, whether it is ready to serve, and how well it runs."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import cast

import psycopg
from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from patt import access, data_metrics
from patt.api.probe_models import METRICS_ANSWER, AliveAnswer, ReadyAnswer
from patt.api.problem_answers import problems
from patt.bootstrap import Services
from patt.deps import ServicesDep, ViewerDep, open_to_all, viewer_of
from patt.doctor.checks import Check, check
from patt.doctor.installation import DATABASE, SCHEMA, check_worker
from patt.http_metrics import HttpMetrics
from patt.problems import METRICS_PATH
from sv_common.db import migrate

_PATIENCE_S = 3.0
_FOR_ALL = [Depends(open_to_all)]
_REFUSALS = problems(
    _401="Neither a session nor a valid token.",
    _403="The token is bound to one guild.",
    _429="Asked too often; the header Retry-After says how many seconds to wait.",
    _503="The database does not answer.",
)

router = APIRouter()


@router.get(
    "/health",
    summary="Whether the application and its database answer",
    dependencies=_FOR_ALL,
    response_model=AliveAnswer,
    responses={503: {"model": AliveAnswer, "description": "The database does not answer."}},
)
async def health(services: ServicesDep) -> Response:
    """Answer 200 while the database answers, and 503 when it does not."""
    try:
        async with asyncio.timeout(_PATIENCE_S), services.pool.probes.snapshot() as conn:
            await access.ping(conn)
    except (psycopg.Error, TimeoutError):
        return JSONResponse({"status": "unavailable", "detail": "The database does not answer."}, 503)
    return JSONResponse({"status": "ok"})


@router.get(
    "/ready",
    summary="Whether the application can do its work",
    dependencies=_FOR_ALL,
    response_model=ReadyAnswer,
    responses={503: {"model": ReadyAnswer, "description": "Not now: one of the checks says why."}},
)
async def ready(services: ServicesDep) -> Response:
    """Answer 200 while the database answers with the right schema and nothing waits for a worker in vain, else 503."""
    checks = await _checks(services)
    is_ready = all(each.ok for each in checks)
    told = [{"name": each.name, "ok": each.ok, "message": each.message} for each in checks]
    return JSONResponse({"status": "ready" if is_ready else "not ready", "checks": told}, 200 if is_ready else 503)


@router.get(
    METRICS_PATH,
    summary="How well the product runs",
    dependencies=[Depends(viewer_of)],
    response_class=Response,
    responses={**METRICS_ANSWER, **_REFUSALS},
)
async def metrics(request: Request, services: ServicesDep, viewer: ViewerDep) -> Response:
    """Return counts and ages in Prometheus' text format. They are of all guilds, so a token of one may not see them."""
    if viewer.guild_id is not None:
        raise HTTPException(403, "The metrics are of all guilds: use a token that is not bound to one.")
    of_requests = cast("HttpMetrics", request.app.state.http_metrics)
    text = of_requests.exposition() + await data_metrics.exposition(services)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _checks(services: Services) -> list[Check]:
    try:
        async with asyncio.timeout(_PATIENCE_S), services.pool.probes.snapshot() as conn:
            current = await access.schema_revision(conn)
            if current != _newest_revision():
                message = f"The database has the schema {current}, and this version needs {_newest_revision()}."
                return [check(DATABASE, "It answers."), check(SCHEMA, "", (message, "patt db upgrade"))]
            schema = check(SCHEMA, "It is the one that this version needs.")
            return [check(DATABASE, "It answers."), schema, await check_worker(conn)]
    except (psycopg.Error, TimeoutError):
        return [check(DATABASE, "", ("It does not answer.", "Start the database server."))]


@cache
def _newest_revision() -> str:
    return migrate.newest_revision()
