"""The activity page: jobs, the last uploads, the sync log and who did what; and who is missing from a refused list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.api import activity as api
from patt.api.activity import LONGEST_ACTOR
from patt.pages.layout import View, chosen_guild, chosen_of, guilds_in_reach, reading_guild, respond, respond_with_part
from patt.pages.words import PIPELINES, TASKS, UPLOAD_STATES
from patt.web.context import Caller, GuildDep, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.places import ACTIVITY
from patt.worker import jobs as worker_jobs
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import DeedFilter, Pipeline, RunFilter, RunStatus
from sv_common.guild_sync.roster import uploads

HOME = ACTIVITY.href
API = "/api/v1/admin/activity"
UPLOADS_SHOWN = 5
Shown = Literal["runs", "deeds"]
_Anything = Literal[""]
"""What a form sends where nothing was chosen."""

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ActivityView(View):
    """Which part of the page is looked at, and by which filter; each list has filters of its own."""

    show: Shown = "runs"
    pipeline: Pipeline | _Anything = ""
    status: RunStatus | _Anything = ""
    actor: str = ""
    since: date | _Anything = ""
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return HOME

    def shown(self) -> Iterable[str]:
        """Return the parameters that the address may have."""
        return "guild", "show", *self._filters(), "page"

    def file(self, kind: str) -> str:
        """Return the address of the file with all that the filter lets through."""
        filters = {name: value for name in self._filters() if (value := getattr(self, name))}
        return f"{API}/{self.show}.{kind}?{urlencode({'guild': self.guild, **filters})}"

    def _filters(self) -> tuple[str, ...]:
        return ("pipeline", "status", "since") if self.show == "runs" else ("actor", "since")


def _view(
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "runs",
    pipeline: Annotated[Pipeline | _Anything, Query()] = "",
    status: Annotated[RunStatus | _Anything, Query()] = "",
    actor: Annotated[str, Query(max_length=LONGEST_ACTOR, pattern=r"^[^\x00]*$")] = "",
    since: Annotated[date | _Anything, Query()] = "",
    page: PageQuery = 1,
) -> ActivityView:
    return ActivityView(guild or 0, show, pipeline, status, actor, since, page)


@router.get("")
async def overview(
    request: Request, services: ServicesDep, viewer: ViewerDep, asked: Annotated[ActivityView, Depends(_view)]
) -> Response:
    """Show the jobs, the last uploads, and the sync log or who did what."""
    async with services.pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return respond(request, "admin/activity.html", viewer, {"guild": None})
        chosen = chosen_of(known, asked.guild or None)
        view = replace(asked, guild=chosen.id)
        jobs = await worker_jobs.queued(conn, chosen.id)
        here = await services.pool.narrow(chosen.id)
        context = await (_runs if view.show == "runs" else _deeds)(here, view)
        losses = await api.loss_sentences(here)
        uploads = await upload_context(here, viewer)
    shell = {
        "guild": chosen,
        "guilds": known,
        "jobs": jobs,
        "losses": losses,
        "tasks": TASKS,
        "pipelines": PIPELINES,
    }
    return respond(request, "admin/activity.html", viewer, shell | uploads | context)


@router.get("/jobs")
async def jobs_part(services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show the jobs alone, for the page that is looked at."""
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
        jobs = await worker_jobs.queued(conn, chosen.id)
    return respond_with_part("partials/jobs.html", {"guild": chosen, "jobs": jobs, "tasks": TASKS})


async def _runs(guild: GuildConnection, view: ActivityView) -> dict[str, Any]:
    chosen = RunFilter(view.pipeline or None, view.status or None, view.since or None)
    found = await activity.sync_runs(guild, chosen, number=view.page)
    return {
        "view": replace(view, page=found.number),
        "found": found,
        "rows": found.items,
        "statuses": get_args(RunStatus),
    }


async def _deeds(guild: GuildConnection, view: ActivityView) -> dict[str, Any]:
    chosen = DeedFilter(view.actor or None, view.since or None)
    found = await activity.deeds(guild, chosen, number=view.page)
    actors = await activity.actors(guild)
    return {"view": replace(view, page=found.number), "found": found, "rows": found.items, "actors": actors}


async def upload_context(guild: GuildConnection, viewer: Caller) -> dict[str, Any]:
    """Return all that the list of uploads shows: those that wait or were given up first, then the newest."""
    found = await uploads.recent(guild, limit=UPLOADS_SHOWN)
    return {"uploads": found, "upload_states": UPLOAD_STATES, "may_act": viewer.may_act_as("officer")}


@router.get("/uploads")
async def uploads_part(services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show the uploads alone, for the page that is looked at."""
    async with reading_guild(services.pool, viewer, guild) as (here, chosen, _):
        context = await upload_context(here, viewer)
    return respond_with_part("partials/uploads.html", {"guild": chosen, **context})


@router.get("/losses")
async def losses(request: Request, services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show who would be marked as gone, for each source whose list was refused."""
    async with services.pool.installation() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
    found = await api.losses(services, chosen.id)
    context = {"guild": chosen, "losses": found, "may_act": viewer.may_act_as("officer")}
    return respond(request, "admin/losses.html", viewer, context)
