"""What watches over the product asks: whether it answers, whether it is ready to serve, and how well it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import psycopg
from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from patt.auth import credentials
from patt.bootstrap import Services
from patt.doctor.checks import Check, check
from patt.doctor.installation import DATABASE, SCHEMA, WORK, access_of, work_of
from patt.doctor.installation import SQL as OF_INSTALLATION
from patt.upgrading import fault_of
from patt.web.context import ServicesDep, ViewerDep, open_to_all, viewer_of
from patt.web.monitoring import metrics as measured
from patt.web.places import METRICS_PATH
from patt.web.problems import problems
from sv_common.guild_sync.core.language import tr

_FOR_ALL = [Depends(open_to_all)]
_REFUSALS = problems(
    _401="No session and no valid token.",
    _403="The token is bound to one guild.",
    _429="Too many requests. The header Retry-After gives the seconds to wait.",
    _503="The database does not answer.",
)

_EXPOSITION = "# HELP patt_workers Workers that are alive.\n# TYPE patt_workers gauge\npatt_workers 1.0\n"
_METRICS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Counts and ages in Prometheus' text format.",
        "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string", "examples": [_EXPOSITION]}}},
    }
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether the application and its database answer."""

    status: Literal["ok", "unavailable"]
    detail: Annotated[str | None, Field(description="Why not, if not ready.")] = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the application can do its work, and each thing that was looked at."""

    status: Literal["ready", "not ready"]
    checks: list[Check]


@router.get(
    "/health",
    summary="Whether the application and its database answer",
    dependencies=_FOR_ALL,
    responses={503: {"model": Alive, "description": "The database does not answer."}},
)
async def health(services: ServicesDep, response: Response) -> Alive:
    """Answer 200 while the database answers, and 503 when it does not."""
    try:
        await services.pool.pulse.answer(credentials.SQL["ping"])
    except (psycopg.Error, TimeoutError):
        response.status_code = 503
        return Alive("unavailable", tr("The database does not answer."))
    return Alive("ok")


@router.get(
    "/ready",
    summary="Whether the application can do its work",
    dependencies=_FOR_ALL,
    responses={503: {"model": Ready, "description": "Not now: one of the checks says why."}},
)
async def ready(services: ServicesDep, response: Response) -> Ready:
    """Answer 200 while the database has the right schema and can be changed, and no work waits without a worker; else 503."""
    checks = await _checks(services)
    if all(check.ok for check in checks):
        return Ready("ready", checks)
    response.status_code = 503
    return Ready("not ready", checks)


@router.get(
    METRICS_PATH,
    summary="How well the product runs",
    dependencies=[Depends(viewer_of)],
    response_class=Response,
    responses={**_METRICS, **_REFUSALS},
)
async def metrics(request: Request, services: ServicesDep, viewer: ViewerDep) -> Response:
    """Return counts and ages in Prometheus' text format. They are of all guilds, so a token of one may not see them."""
    if viewer.guild_id is not None:
        raise HTTPException(403, tr("Metrics cover all guilds. Use a token without a guild."))
    of_requests = cast("measured.HttpMetrics", request.app.state.http_metrics)
    text = of_requests.exposition() + await measured.exposition(services)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _checks(services: Services) -> list[Check]:
    pulse = services.pool.pulse
    try:
        row = await pulse.answer(credentials.SQL["schema_revision"])
        if fault := fault_of(row[0] if row else None):
            return [check(DATABASE, tr("It answers.")), check(SCHEMA, "", (fault.message, fault.remedy))]
        return [
            check(DATABASE, tr("It answers.")),
            check(SCHEMA, tr("It is the one that this version needs.")),
            access_of(await pulse.answer(OF_INSTALLATION["access"])),
            work_of(await pulse.answer(OF_INSTALLATION["work"], WORK)),
        ]
    except (psycopg.Error, TimeoutError):
        return [check(DATABASE, "", (tr("It does not answer."), tr("Start the database server.")))]
